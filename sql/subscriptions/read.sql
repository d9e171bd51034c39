-- Subscriptions as they are; `doctor` names the rows that cannot be followed.
insert into subscriptions_now (
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
    j.subscription_id,
    cast(:today as date),
    j.tenant_id,
    j.plan,
    j.status,
    j.monthly,
    j.problem,
    coalesce(j.currency, :currency),
    j.started_at,
    j.ended_at,
    j.trial_ends_at,
    false,
    cast(:today as date)
from pipeline.judge_subscriptions() as j
where j.unfollowed is null
