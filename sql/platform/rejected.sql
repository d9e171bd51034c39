-- One row: one reason for which rows of the hours in [:start, :end) have been rejected.
select
    source,
    reason,
    sum(rows)::bigint as rows
from rollup.rejected_hourly
where bucket_start >= :start and bucket_start < :end
group by source, reason
order by source, reason
