-- Tenants whose row differs from what the last tick saw; a row that is gone counts as deleted. Comparing all of them
-- costs little and cannot miss anything: no trigger on the table is needed.
with compared as (
    -- One row: one tenant as it is and as it was.
    select
        coalesce(s.tenant_id, k.tenant_id) as tenant_id,
        coalesce(s.name, k.name) as name,
        coalesce(s.plan, k.plan) as plan,
        coalesce(s.timezone, :timezone) as timezone,
        case when z.problem is null then coalesce(s.timezone, :timezone) end as zone,
        coalesce(s.deleted, true) as deleted,
        k.tenant_id is null as is_new,
        k.name as name_before,
        k.plan as plan_before,
        k.timezone as timezone_before,
        -- The days of rows that came before their tenant are in the platform's zone.
        case when k.tenant_id is null then :timezone else k.zone end as zone_before,
        k.deleted as deleted_before
    from pipeline.source_tenants as s
    full join pipeline.tenant_state as k on s.tenant_id = k.tenant_id
    left join pipeline.zones as z on z.timezone = coalesce(s.timezone, :timezone)
)

insert into changed (tenant_id, name, plan, timezone, zone, deleted, rezoned)
select
    tenant_id,
    name,
    plan,
    timezone,
    zone,
    deleted,
    (zone is distinct from zone_before) as rezoned
from compared
where
    is_new
    or name is distinct from name_before
    or plan is distinct from plan_before
    or timezone is distinct from timezone_before
    or zone is distinct from zone_before
    or deleted is distinct from deleted_before
