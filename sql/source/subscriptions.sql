create or replace function pipeline.read_subscriptions()
returns table (
    subscription_id text,
    tenant_id @tenant_id_type,
    plan text,
    status text,
    monthly_amount numeric,
    currency text,
    started_at timestamptz,
    ended_at timestamptz,
    trial_ends_at timestamptz,
    amount numeric,
    billing_interval text
)
language sql stable
as $tenantcast$
select
    @id::text,
    @tenant_id::@tenant_id_type,
    @plan::text,
    @status::text,
    @monthly_amount::numeric,
    @currency::text,
    @started_at::timestamptz,
    @ended_at::timestamptz,
    @trial_ends_at::timestamptz,
    @amount::numeric,
    @billing_interval::text
from @subscriptions
$tenantcast$;
comment on function pipeline.read_subscriptions is 'The one reading of the subscriptions of the SaaS.';

create or replace function pipeline.judge_subscriptions()
returns table (
    subscription_id text,
    tenant_id @tenant_id_type,
    plan text,
    status text,
    monthly numeric,
    problem text,
    currency text,
    started_at timestamptz,
    ended_at timestamptz,
    trial_ends_at timestamptz,
    unfollowed text
)
language sql stable
as $tenantcast$
with rows_of_saas as (
    -- One row: one row of the SaaS, and why it cannot be followed from day to day. The table's own collation may take
    -- different ids for one.
    select
        s.subscription_id collate "C" as subscription_id,
        s.tenant_id,
        btrim(s.plan collate "C") as plan,
        lower(btrim(s.status collate "C")) as status,
        m.monthly,
        m.problem,
        upper(btrim(s.currency collate "C")) as currency,
        -- What starts before there was any such thing has no known start.
        case when s.started_at >= '1970-01-01 00:00:00+00' then s.started_at end as started_at,
        s.ended_at,
        s.trial_ends_at,
        case
            when s.subscription_id is null then 'id_missing'
            when octet_length(s.subscription_id) > 1000 then 'id_too_long'
            when s.tenant_id is null then 'tenant_missing'
            when octet_length(s.tenant_id::text) > 2000 then 'tenant_too_long'
        end as unfollowed
    from pipeline.read_subscriptions() as s
    cross join lateral pipeline.monthly_of(s.monthly_amount, s.amount, s.billing_interval) as m
    where not exists (select from pipeline.forgotten) or pipeline.is_remembered(s.tenant_id::text)
)

select
    r.subscription_id,
    r.tenant_id,
    coalesce(left(nullif(r.plan, ''), 300), '(none)'),
    coalesce(r.status, ''),
    r.monthly,
    r.problem,
    nullif(r.currency, ''),
    r.started_at,
    r.ended_at,
    r.trial_ends_at,
    case
        when r.unfollowed is not null then r.unfollowed
        -- Of rows with one id the one that started last counts.
        when
            row_number() over (
                partition by r.subscription_id, r.unfollowed
                order by
                    r.started_at desc nulls last,
                    r.status,
                    r.tenant_id,
                    r.plan,
                    r.monthly,
                    r.currency,
                    r.ended_at,
                    r.trial_ends_at
            ) > 1 then 'id_doubled'
    end
from rows_of_saas as r
$tenantcast$;
comment on function pipeline.judge_subscriptions is
'The subscriptions of the SaaS, what each is worth a month, why that is not known (problem), and why a row cannot be '
'followed from day to day (unfollowed).';
