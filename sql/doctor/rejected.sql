-- One row: one reason for which raw rows cannot be used, with all rows of its table beside it, over the day and the
-- week before :now; rows whose time is no hour are in no day and in every week.
with counted as (
    -- One row: one raw table and how many rows were rolled up of it.
    select
        'api_requests' as source,
        sum(requests) filter (where bucket_start >= cast(:now as timestamptz) - interval '1 day') as in_day,
        sum(requests) as in_week
    from rollup.api_hourly
    where bucket_start >= cast(:now as timestamptz) - interval '7 days'
    union all
    select
        'usage_records',
        sum(records) filter (where bucket_start >= cast(:now as timestamptz) - interval '1 day'),
        sum(records)
    from rollup.usage_hourly
    where bucket_start >= cast(:now as timestamptz) - interval '7 days'
)

select
    r.source,
    r.reason,
    coalesce(
        sum(r.rows) filter (where r.bucket_start >= cast(:now as timestamptz) - interval '1 day'), 0
    )::bigint as in_day,
    sum(r.rows)::bigint as in_week,
    coalesce(max(c.in_day), 0)::bigint as all_in_day,
    coalesce(max(c.in_week), 0)::bigint as all_in_week
from rollup.rejected_hourly as r
left join counted as c on r.source = c.source
where r.bucket_start >= cast(:now as timestamptz) - interval '7 days' or r.bucket_start = '-infinity'
group by r.source, r.reason
order by r.source asc, sum(r.rows) desc, r.reason asc
