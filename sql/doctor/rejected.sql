-- One row: one reason for which raw rows cannot be used, with all rows of its table beside it, over the day and the
-- week before :now; rows whose time is no hour are in no day and in every week. Rows of older hours are told where
-- ticks of that week counted more than its hours hold, and those that came for frozen hours always: they are old.
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
),

ticked as (
    -- One row: one reason and how many rows ticks of that day and week counted, of whatever hour and either table.
    select
        j.key as reason,
        coalesce(
            sum(j.value::bigint) filter (where r.started_at >= cast(:now as timestamptz) - interval '1 day'), 0
        ) as in_day,
        sum(j.value::bigint) as in_week
    from pipeline.runs as r
    cross join lateral jsonb_each_text(r.report -> 'rejected') as j
    where r.verb = 'rollup' and r.started_at >= cast(:now as timestamptz) - interval '7 days'
    group by j.key
),

summed as (
    -- One row: one reason of one table.
    select
        r.source,
        r.reason,
        coalesce(
            sum(r.rows) filter (where r.bucket_start >= cast(:now as timestamptz) - interval '1 day'), 0
        ) as in_day,
        coalesce(
            sum(r.rows) filter (
                where r.bucket_start >= cast(:now as timestamptz) - interval '7 days' or r.bucket_start = '-infinity'
            ),
            0
        ) as in_week,
        sum(r.rows) as in_all
    from rollup.rejected_hourly as r
    group by r.source, r.reason
),

judged as (
    -- One row: the same, and how many rows of older hours there are, if ticks of the week counted any such.
    select
        s.*,
        coalesce(t.in_day, 0) as ticked_in_day,
        coalesce(t.in_week, 0) as ticked_in_week,
        case when t.in_week > sum(s.in_week) over (partition by s.reason) then s.in_all - s.in_week else 0 end as older
    from summed as s
    left join ticked as t on s.reason = t.reason
)

select
    j.source,
    j.reason,
    j.in_day::bigint as in_day,
    j.in_week::bigint as in_week,
    j.in_all::bigint as in_all,
    j.older::bigint as older,
    j.ticked_in_day::bigint as ticked_in_day,
    j.ticked_in_week::bigint as ticked_in_week,
    coalesce(c.in_day, 0)::bigint as all_in_day,
    coalesce(c.in_week, 0)::bigint as all_in_week
from judged as j
left join counted as c on j.source = c.source
where j.in_week > 0 or j.older > 0 or j.reason = 'beyond_horizon'
order by j.source asc, j.in_all desc, j.reason asc
