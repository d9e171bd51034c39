insert into pipeline.tenant_state as k (tenant_id, name, plan, timezone, zone, deleted, slot)
select
    tenant_id,
    name,
    plan,
    timezone,
    zone,
    deleted,
    hashtext(tenant_id::text) & 63 as slot
from changed
on conflict (tenant_id) do update
    set
        name = excluded.name, plan = excluded.plan, timezone = excluded.timezone, zone = excluded.zone,
        deleted = excluded.deleted
