-- One row: one month with rows in [:start, :end), and a digest of them that changes when any does.
select
    case
        when isfinite(r.bucket_start) then to_char(r.bucket_start at time zone 'UTC', 'YYYY-MM')
        else '__HIVE_DEFAULT_PARTITION__'
    end as month,
    count(*) as rows,
    0::bigint as inexact,
    sum(pipeline.hash_of(r::text))::text as digest
from rollup.rejected_hourly as r
where r.bucket_start >= cast(:start as timestamptz) and r.bucket_start < cast(:end as timestamptz)
group by month
order by month
