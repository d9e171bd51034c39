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
order by tenant_id
on conflict (tenant_id) do update
    set
        name = excluded.name,
        plan = excluded.plan,
        timezone = excluded.timezone,
        zone = excluded.zone,
        deleted = excluded.deleted,
        -- In another zone every day is another one: all files are looked at anew.
        published_through = case
            when (k.zone is not distinct from excluded.zone) then k.published_through
        end
