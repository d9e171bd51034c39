insert into pipeline.queue (tenant_id, day)
select
    tenant_id,
    day
from touched_days
