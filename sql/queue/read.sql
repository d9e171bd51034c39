-- One row: one entry of the tenants asked for.
select
    entry_id,
    tenant_id,
    day
from pipeline.queue
where tenant_id = any(:tenants) and data_through <= :through
order by entry_id
