-- Days of requests that are not the merge of their stored hours.
with stored as (
    -- One row: one stored (tenant, day, endpoint).
    select d.*
    from touched_days as t
    inner join rollup.api_daily as d on t.tenant_id = d.tenant_id and t.day = d.day
),

-- One row: one (tenant, day, endpoint), stored, merged or both.
compared as (
    select
        coalesce(s.tenant_id, n.tenant_id) as tenant_id,
        coalesce(s.day, n.day) as day,
        coalesce(s.requests, 0) as stored,
        coalesce(n.requests, 0) as recomputed,
        (s.tenant_id is null) as not_stored,
        (n.tenant_id is null) as not_supported,
        (s.requests is distinct from n.requests) as requests,
        (s.client_errors is distinct from n.client_errors) as client_errors,
        (s.server_errors is distinct from n.server_errors) as server_errors,
        (s.duration_ms_sum is distinct from n.duration_ms_sum) as duration_ms_sum,
        (s.duration_ms_min is distinct from n.duration_ms_min) as duration_ms_min,
        (s.duration_ms_max is distinct from n.duration_ms_max) as duration_ms_max,
        (s.duration_count is distinct from n.duration_count) as duration_count,
        (s.duration_sketch is distinct from n.duration_sketch) as duration_sketch
    from stored as s
    full join pg_temp.api_daily as n on s.tenant_id = n.tenant_id and s.day = n.day and s.endpoint = n.endpoint
),

-- One row: one (tenant, day, endpoint), and whether anything of it differs.
judged as (
    select
        *,
        (
            not_stored or not_supported or requests or client_errors or server_errors or duration_ms_sum
            or duration_ms_min or duration_ms_max or duration_count or duration_sketch
        ) as differs
    from compared
)

insert into differing (rollup, tenant_id, day, names, what, stored, recomputed, waiting)
select
    'api_daily',
    tenant_id,
    day,
    count(*) filter (where differs) as names,
    array_remove(array[
        case when bool_or(not_stored) then 'not stored' end,
        case when bool_or(not_supported) then 'no hours' end,
        case when bool_or(requests) then 'requests' end,
        case when bool_or(client_errors) then 'client_errors' end,
        case when bool_or(server_errors) then 'server_errors' end,
        case when bool_or(duration_ms_sum) then 'duration_ms_sum' end,
        case when bool_or(duration_ms_min) then 'duration_ms_min' end,
        case when bool_or(duration_ms_max) then 'duration_ms_max' end,
        case when bool_or(duration_count) then 'duration_count' end,
        case when bool_or(duration_sketch) then 'duration_sketch' end
    ], null) as what,
    sum(stored) as stored,
    sum(recomputed) as recomputed,
    (tenant_id, day) in (
        select
            m.tenant_id,
            m.day
        from pipeline.marked_days as m
        where m.rollup = 'api_daily'
    ) as waiting
from judged
group by tenant_id, day
having bool_or(differs)
