-- The tenant's next address.
insert into pipeline.tenant_keys as g (tenant_id, generation)
select
    tenant_id,
    2
from pipeline.tenant_state
where tenant_id::text = :id
on conflict (tenant_id) do update
    set generation = g.generation + 1
returning g.tenant_id, g.generation
