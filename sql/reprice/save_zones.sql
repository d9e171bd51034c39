insert into pipeline.cost_zones (tenant_id, first_day, zone)
select
    tenant_id,
    cast(:first_day as date),
    zone
from rezoned
union all
select
    tenant_id,
    cast(:end_day as date),
    zone_after
from rezoned
