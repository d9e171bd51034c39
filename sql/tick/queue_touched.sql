insert into pipeline.queue (tenant_id, day, data_through)
select
    tenant_id,
    day,
    :through
from touched_days
