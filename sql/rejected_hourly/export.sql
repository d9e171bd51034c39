-- One row: one of the export, of [:start, :end).
select
    r.source,
    r.reason,
    nullif(r.bucket_start, '-infinity') as bucket_start,
    r.rows
from rollup.rejected_hourly as r
where
    r.bucket_start >= cast(:start as timestamptz)
    and r.bucket_start < cast(:end as timestamptz)
order by r.source, r.bucket_start, r.reason
