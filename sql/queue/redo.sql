-- A living tenant without `published_through` is due; a deleted one is when it is queued.
insert into pipeline.queue (tenant_id, data_through)
select
    tenant_id,
    :through
from pipeline.tenant_state
where tenant_id = any(:tenants) and deleted
