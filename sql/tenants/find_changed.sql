-- Tenants whose row differs from what the last tick saw; a row that is gone counts as deleted. Comparing all of them
-- costs little and cannot miss anything: no trigger on the table is needed.
insert into changed (tenant_id, name, plan, timezone, zone, deleted, rezoned)
select
    tenant_id,
    name,
    plan,
    timezone,
    zone,
    deleted,
    rezoned
from (
    select
        coalesce(s.tenant_id, k.tenant_id) as tenant_id,
        coalesce(s.name, k.name) as name,
        coalesce(s.plan, k.plan) as plan,
        coalesce(s.timezone, :timezone) as timezone,
        case when z.problem is null then coalesce(s.timezone, :timezone) end as zone,
        coalesce(s.deleted, true) as deleted,
        case when z.problem is null then coalesce(s.timezone, :timezone) end
        is distinct from case when k.tenant_id is null then :timezone else k.zone end as rezoned,
        k as known
    from pipeline.source_tenants as s
    full join pipeline.tenant_state as k on s.tenant_id = k.tenant_id
    left join pipeline.zones as z on z.timezone = coalesce(s.timezone, :timezone)
) as t
where (name, plan, timezone, zone, deleted)
is distinct from ((known).name, (known).plan, (known).timezone, (known).zone, (known).deleted)
