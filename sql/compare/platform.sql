-- Days of the platform whose stored sums are not those of its tenants' days.
insert into differing (rollup, day, names, what, stored, recomputed, waiting)
select
    'platform_daily',
    p.day,
    1,
    array_remove(array[
        case when d.day is null then 'not stored' end,
        case when r.day is null then 'nothing to sum up' end,
        case when d.active_tenants is distinct from r.active_tenants then 'active_tenants' end,
        case when d.requests is distinct from r.requests then 'requests' end,
        case when d.ai_tokens is distinct from r.ai_tokens then 'ai_tokens' end,
        case when d.cost is distinct from r.cost then 'cost' end,
        case when d.mrr is distinct from r.mrr then 'mrr' end,
        case when d.unknown_costs is distinct from r.unknown_costs then 'unknown_costs' end
    ], null),
    coalesce(d.cost, 0),
    coalesce(r.cost, 0),
    p.day in (select m.day from pipeline.marked_platform_days as m)
from platform_days as p
left join rollup.platform_daily as d on p.day = d.day
left join right_platform as r on p.day = r.day
where
    (d.day, d.active_tenants, d.requests, d.ai_tokens, d.cost, d.mrr, d.unknown_costs)
    is distinct from (r.day, r.active_tenants, r.requests, r.ai_tokens, r.cost, r.mrr, r.unknown_costs)
