-- One row: one tenant. What was deleted is named by its id alone.
select
    tenant_id,
    tenant_id::text as id,
    case when not deleted then name end as name,
    case when not deleted then plan end as plan,
    deleted
from pipeline.tenant_state
