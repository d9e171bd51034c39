-- One row: one period of one tenant.
select
    tenant_id,
    period,
    starts_at,
    ends_at
from pipeline.windows(:through, :tenants, :periods)
