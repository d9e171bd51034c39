-- One row: one sketch key of one stored hour; one row with no key where no duration was usable.
with hours as (
    select
        t.tenant_id,
        t.day,
        h.endpoint,
        h.requests,
        h.client_errors,
        h.server_errors,
        h.duration_ms_sum,
        h.duration_ms_min,
        h.duration_ms_max,
        (h.duration_sketch).keys[1] as first_key,
        unnest(coalesce((h.duration_sketch).keys, array[null]::smallint[])) as key,
        unnest(coalesce((h.duration_sketch).counts, array[null]::bigint[])) as n
    from touched_days as t
    inner join @hours.api_hourly as h
        on
            t.tenant_id = h.tenant_id
            and t.day_start <= h.bucket_start
            and t.day_end > h.bucket_start
            -- Keeps the work off all other days, however the planner joins.
            and h.bucket_start >= (select min(b.day_start) from touched_days as b)
            and h.bucket_start < (select max(b.day_end) from touched_days as b)
),

-- One row: one sketch key of one (tenant, day, endpoint). An hour's plain measures ride on its first key.
keyed as (
    select
        tenant_id,
        day,
        endpoint,
        key,
        sum(n)::bigint as n,
        sum(requests) filter (where key is not distinct from first_key) as requests,
        sum(client_errors) filter (where key is not distinct from first_key) as client_errors,
        sum(server_errors) filter (where key is not distinct from first_key) as server_errors,
        sum(duration_ms_sum) filter (where key is not distinct from first_key) as duration_ms_sum,
        min(duration_ms_min) as duration_ms_min,
        max(duration_ms_max) as duration_ms_max
    from hours
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
)

insert into @rollup.api_daily
select
    tenant_id,
    day,
    endpoint,
    sum(requests)::bigint as requests,
    sum(client_errors)::bigint as client_errors,
    sum(server_errors)::bigint as server_errors,
    sum(duration_ms_sum) as duration_ms_sum,
    min(duration_ms_min) as duration_ms_min,
    max(duration_ms_max) as duration_ms_max,
    coalesce(sum(n), 0)::bigint as duration_count,
    case when sum(n) > 0 then row(
        (min(duration_ms_min) * 1000)::bigint,
        (max(duration_ms_max) * 1000)::bigint,
        array_agg(key) filter (where key is not null),
        array_agg(n) filter (where key is not null)
    )::rollup.sketch end as duration_sketch
from keyed
group by tenant_id, day, endpoint
