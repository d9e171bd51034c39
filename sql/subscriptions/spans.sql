-- The days on which each version counts. A time that is not over at :through belongs to no day yet: it counts as
-- tomorrow, whatever its date.
with newest as (
    -- One row: one subscription with its dates as known now, as the first day on which each has passed.
    select distinct on (v.subscription_id)
        v.subscription_id,
        v.seen_on,
        v.started_at is not null and v.ended_at is not null as dated,
        case
            when v.started_at is null then v.seen_on
            when v.started_at >= :through then cast(:today as date) + 1
            else (v.started_at at time zone :timezone)::date
        end as started_on,
        case
            when v.ended_at is null or v.ended_at >= :through then cast(:today as date) + 1
            else (v.ended_at at time zone :timezone)::date
        end as ended_on,
        case
            when v.trial_ends_at is null then '-infinity'
            when v.trial_ends_at >= :through then cast(:today as date) + 1
            else (v.trial_ends_at at time zone :timezone)::date
        end as tried_on,
        v.trial_ends_at is null as endless_trial
    from pipeline.subscription_versions as v
    order by v.subscription_id asc, v.day_from desc
),

versions as (
    -- One row: one version with the days on which it is in force and its subscription runs.
    select
        v.tenant_id,
        v.plan,
        v.currency,
        v.monthly,
        v.status,
        n.dated,
        n.seen_on,
        n.tried_on,
        n.endless_trial,
        greatest(
            v.day_from,
            n.started_on,
            case when cast(:without_trials as boolean) then n.tried_on else '-infinity' end
        ) as day_from,
        least(
            lead(v.day_from) over (partition by v.subscription_id order by v.day_from),
            n.ended_on
        ) as day_to,
        v.gone or (cast(:without_trials as boolean) and v.status = 'trialing' and n.endless_trial) as never
    from pipeline.subscription_versions as v
    inner join newest as n on v.subscription_id = n.subscription_id
),

decided as (
    -- One row: days of a version that dates decide, or its status.
    select
        v.tenant_id,
        v.plan,
        v.currency,
        v.monthly,
        v.day_from,
        v.day_to
    from versions as v
    where v.dated and not v.never
    union all
    -- Before a subscription was first seen, dates decide, too; but they do not make a trial a sale.
    select
        v.tenant_id,
        v.plan,
        v.currency,
        v.monthly,
        greatest(v.day_from, case when v.status = 'trialing' then v.tried_on else '-infinity' end),
        least(v.day_to, v.seen_on)
    from versions as v
    where not v.dated and not v.never and not (v.status = 'trialing' and v.endless_trial)
    union all
    select
        v.tenant_id,
        v.plan,
        v.currency,
        v.monthly,
        greatest(v.day_from, v.seen_on),
        v.day_to
    from versions as v
    where not v.dated and not v.never and v.status = any(cast(:statuses as text[]))
)

insert into mrr_spans (tenant_id, plan, currency, monthly, day_from, day_to)
select
    d.tenant_id,
    d.plan,
    d.currency,
    d.monthly,
    d.day_from,
    d.day_to
from decided as d
where d.day_from < d.day_to
