-- One row if the tenant is known.
select
    k.tenant_id::text as id,
    coalesce(g.generation, 1) as generation
from pipeline.tenant_state as k
left join pipeline.tenant_keys as g on k.tenant_id = g.tenant_id
where k.tenant_id::text = :id
