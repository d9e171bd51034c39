-- One row: one of the given ids that no tick has seen a tenant of.
select t.id
from unnest(cast(:tenants as text[])) as t (id)
where t.id not in (select k.tenant_id::text from pipeline.tenant_state as k)
