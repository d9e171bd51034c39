-- Subscriptions as they are. A row without id or tenant, or with one too long for a key, cannot be followed from day to
-- day; of rows with one id the one that started last counts. `doctor` names them.
with usable as (
    -- One row: one row of the SaaS that can be followed.
    select
        s.*,
        row_number() over (
            partition by s.subscription_id
            order by s.started_at desc nulls last, s::text desc
        ) as place
    from pipeline.read_subscriptions() as s
    where
        s.subscription_id is not null
        and s.tenant_id is not null
        and octet_length(s.subscription_id) <= 1000
        and octet_length(s.tenant_id::text) <= 2000
)

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
    u.subscription_id,
    cast(:today as date),
    u.tenant_id,
    coalesce(left(nullif(btrim(u.plan), ''), 300), '(none)'),
    coalesce(lower(btrim(u.status)), ''),
    m.monthly,
    m.problem,
    coalesce(upper(nullif(btrim(u.currency), '')), :currency),
    -- What starts before there was any such thing has no known start.
    case when u.started_at >= '1970-01-01 00:00:00+00' then u.started_at end,
    u.ended_at,
    u.trial_ends_at,
    false,
    cast(:today as date)
from usable as u
cross join lateral pipeline.monthly_of(u.monthly_amount, u.amount, u.billing_interval) as m
where u.place = 1
