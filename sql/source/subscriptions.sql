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
