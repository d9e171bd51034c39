insert into rollup.platform_daily
select
    r.day,
    r.active_tenants,
    r.requests,
    r.ai_tokens,
    r.cost,
    r.mrr,
    r.unknown_costs
from right_platform as r
where not exists (select from rollup.platform_daily as d where d.day = r.day)
