insert into pipeline.subscription_versions (
    subscription_id,
    day_from,
    tenant_id,
    plan,
    status,
    monthly,
    problem,
    currency,
    started_at,
    ended_at,
    trial_ends_at,
    gone,
    seen_on
)
select
    n.subscription_id,
    case when c.seen_on >= :today then '-infinity' else n.day_from end,
    n.tenant_id,
    n.plan,
    n.status,
    n.monthly,
    n.problem,
    n.currency,
    n.started_at,
    n.ended_at,
    n.trial_ends_at,
    false,
    c.seen_on
from subscriptions_changed as c
inner join subscriptions_now as n on c.subscription_id = n.subscription_id
union all
-- What is gone is as it was at the end of yesterday, but for being gone.
select
    k.subscription_id,
    cast(:today as date),
    k.tenant_id,
    k.plan,
    k.status,
    k.monthly,
    k.problem,
    k.currency,
    k.started_at,
    k.ended_at,
    k.trial_ends_at,
    true,
    k.seen_on
from subscriptions_changed as c
inner join lateral (
    select * from pipeline.subscription_versions as v
    where v.subscription_id = c.subscription_id
    order by v.day_from desc
    limit 1
) as k on true
where c.gone and not k.gone
