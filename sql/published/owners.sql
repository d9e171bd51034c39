-- One row: one tenant, or, given :ids, one of those: whose a folder can be.
select
    k.tenant_id,
    k.tenant_id::text as id,
    coalesce(g.generation, 1) as generation
from pipeline.tenant_state as k
left join pipeline.tenant_keys as g on k.tenant_id = g.tenant_id
where cast(:ids as text[]) is null or k.tenant_id::text = any(:ids)
order by k.slot, k.tenant_id
