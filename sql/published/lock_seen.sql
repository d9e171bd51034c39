-- One row: one tenant as it stands now, held until the end of the transaction, in the order in which ticks take them.
select
    tenant_id,
    published_through
from pipeline.tenant_state
where tenant_id = any(:tenants)
order by tenant_id
for update
