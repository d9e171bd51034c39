-- One row: one file of the tenants asked for, current or superseded. The dashboard first: nothing that it lists may go
-- before it.
select
    tenant_id,
    path
from pipeline.files
where tenant_id = any(:tenants)
order by tenant_id, kind <> 'dashboard', path
