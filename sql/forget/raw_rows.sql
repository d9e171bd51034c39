-- One row: how many raw rows a table holds of the tenant.
select count(*) as rows
from @relation
where @tenant_id = :tenant
