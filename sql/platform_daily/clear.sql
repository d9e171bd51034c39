-- Only what is no longer right goes, so that what did not change is not written.
delete from rollup.platform_daily as d
using platform_days as p
where
    d.day = p.day
    and not exists (
        select from right_platform as r
        where
            r.day = d.day
            and (r.active_tenants, r.requests, r.ai_tokens, r.cost, r.mrr, r.unknown_costs)
            is not distinct from (d.active_tenants, d.requests, d.ai_tokens, d.cost, d.mrr, d.unknown_costs)
    )
