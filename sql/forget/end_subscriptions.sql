-- A forgotten tenant pays no more from the day that ticks are at: as if its subscriptions were gone, but also where
-- they were first seen today, so that the days before stay as they are.
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
select distinct on (v.subscription_id)
    v.subscription_id,
    g.day_through,
    v.tenant_id,
    v.plan,
    v.status,
    v.monthly,
    v.problem,
    v.currency,
    v.started_at,
    v.ended_at,
    v.trial_ends_at,
    true,
    v.seen_on
from pipeline.subscription_versions as v
cross join pipeline.mrr_progress as g
where v.tenant_id = :stand_in
order by v.subscription_id asc, v.day_from desc
on conflict (subscription_id, day_from) do update
    set gone = true
