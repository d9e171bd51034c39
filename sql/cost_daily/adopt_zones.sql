-- Tenants with marks and without a zone for their costs: the one that their days are in.
insert into pipeline.cost_zones (tenant_id, first_day, zone)
select distinct
    m.tenant_id,
    '-infinity'::date,
    case when k.tenant_id is null then :timezone else k.zone end
from pipeline.marked_costs as m
left join pipeline.tenant_state as k on m.tenant_id = k.tenant_id
where
    (k.tenant_id is null or k.zone is not null)
    -- What a forgotten tenant has cost stays as it is: without a zone none of its days is worked out again.
    and m.tenant_id not in (select s.tenant_id from pipeline.stand_ins as s)
    and (not exists (select from pipeline.forgotten) or pipeline.is_remembered(m.tenant_id::text))
    and not exists (select from pipeline.cost_zones as z where z.tenant_id = m.tenant_id)
