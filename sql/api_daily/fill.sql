-- One row: one sketch key of one (tenant, day, endpoint). An hour's plain measures ride on its first key.
with keyed as (
    select
        t.tenant_id,
        t.day,
        h.endpoint,
        k.key,
        sum(k.n)::bigint as n,
        sum(h.requests) filter (where k.place = 1) as requests,
        sum(h.client_errors) filter (where k.place = 1) as client_errors,
        sum(h.server_errors) filter (where k.place = 1) as server_errors,
        sum(h.duration_ms_sum) filter (where k.place = 1) as duration_ms_sum,
        min(h.duration_ms_min) as duration_ms_min,
        max(h.duration_ms_max) as duration_ms_max
    from touched_days as t
    inner join rollup.api_hourly as h
        on t.tenant_id = h.tenant_id and t.day_start <= h.bucket_start and t.day_end > h.bucket_start
    cross join lateral (
        select
            u.key,
            u.n,
            u.place
        from unnest((h.duration_sketch).keys, (h.duration_sketch).counts) with ordinality as u (key, n, place)
        union all
        select null, null, 1
        where h.duration_sketch is null
    ) as k
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
)

insert into rollup.api_daily
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
