-- One row: one month with rows in [:start, :end), and a digest of them that changes when any does.
select
    to_char(r.bucket_start at time zone 'UTC', 'YYYY-MM') as month,
    count(*) as rows,
    0::bigint as inexact,
    sum(pipeline.hash_of(r::text))::text as digest
from rollup.api_hourly as r
where r.bucket_start >= cast(:start as timestamptz) and r.bucket_start < cast(:end as timestamptz)
group by month
order by month
