-- Tenants whose days in [:first_day, :end_day) are in another zone than theirs of today: these days move into it, what
-- comes after them stays as it is. Gives the tenants in `rezoned`.
insert into rezoned (tenant_id, zone, zone_after)
select distinct
    z.tenant_id,
    k.zone,
    pipeline.cost_zone(z.tenant_id, :end_day)
from pipeline.cost_zones as z
inner join pipeline.tenant_state as k on z.tenant_id = k.tenant_id and z.zone <> k.zone
where
    z.first_day < :end_day
    and not exists (
        select from pipeline.cost_zones as n
        where n.tenant_id = z.tenant_id and n.first_day > z.first_day and n.first_day <= :first_day
    )
