insert into pipeline.queue (tenant_id, data_through)
select
    tenant_id,
    :through
from changed
