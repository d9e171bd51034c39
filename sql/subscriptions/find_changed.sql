-- Subscriptions that differ from their newest version. `past`: days before today may come out differently, because
-- dates have changed, or because what is replaced stands for them, too.
with newest as (
    -- One row: one subscription as the last tick that saw a change left it.
    select distinct on (subscription_id) v.*
    from pipeline.subscription_versions as v
    order by v.subscription_id asc, v.day_from desc
)

insert into subscriptions_changed (subscription_id, tenant_id, tenant_before, gone, past, seen_on)
select
    coalesce(n.subscription_id, k.subscription_id),
    coalesce(n.tenant_id, k.tenant_id),
    k.tenant_id,
    n.subscription_id is null,
    k.subscription_id is null
    or k.seen_on >= :today
    or (n.subscription_id is null and k.day_from >= :today)
    or (
        n.subscription_id is not null
        and (k.started_at, k.ended_at, k.trial_ends_at) is distinct from (n.started_at, n.ended_at, n.trial_ends_at)
    ),
    coalesce(k.seen_on, n.seen_on)
from subscriptions_now as n
full join newest as k on n.subscription_id = k.subscription_id
where
    k.subscription_id is null
    or (n.subscription_id is null and not k.gone)
    or (
        n.subscription_id is not null
        and (
            k.gone,
            k.tenant_id,
            k.plan,
            k.status,
            k.monthly,
            k.problem,
            k.currency,
            k.started_at,
            k.ended_at,
            k.trial_ends_at
        ) is distinct from (
            false,
            n.tenant_id,
            n.plan,
            n.status,
            n.monthly,
            n.problem,
            n.currency,
            n.started_at,
            n.ended_at,
            n.trial_ends_at
        )
    )
