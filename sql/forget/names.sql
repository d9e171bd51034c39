-- One row: what a tenant is called, as the last tick saw it and as its row says.
select k.name
from pipeline.tenant_state as k
where k.tenant_id = :tenant and k.name is not null
union
select t.name
from pipeline.read_tenants() as t
where t.tenant_id = :tenant and t.name is not null
