-- One row: one day that has anything at all.
insert into right_platform
select
    p.day,
    a.tenants,
    coalesce(a.requests, 0)::bigint,
    coalesce(a.ai_tokens, 0),
    c.cost,
    m.mrr,
    c.unknown_costs
from platform_days as p
inner join lateral (
    select
        count(*) as tenants,
        sum(d.requests) as requests,
        sum(d.ai_tokens) as ai_tokens
    from pipeline.activity_daily as d
    where d.day = p.day
) as a on true
inner join lateral (
    select
        count(*) as lines,
        sum(d.amount) as cost,
        count(*) filter (where d.amount is null) as unknown_costs
    from rollup.cost_daily as d
    where d.day = p.day
) as c on true
inner join lateral (
    select
        count(*) as plans,
        -- That nothing comes from a plan that nobody is on any more says nothing of the others.
        case when sum(d.unpriced) = 0 or sum(d.unpriced) < sum(d.subscriptions) then sum(d.mrr) end as mrr
    from rollup.mrr_daily as d
    where d.day = p.day
) as m on true
where a.tenants + c.lines + m.plans > 0
