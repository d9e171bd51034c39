insert into pipeline.marked_costs (tenant_id, day)
select
    tenant_id,
    day
from touched_days
