-- One row: a tenant as its row says now, and as the last tick saw it; nulls where it is in neither place.
select
    s.tenant_id is not null as in_tenants,
    k.tenant_id is not null as seen,
    coalesce(s.name, k.name) as name,
    coalesce(s.plan, k.plan) as plan,
    coalesce(s.timezone, k.timezone, :timezone) as timezone,
    k.zone,
    case
        when k.tenant_id is not null and k.zone is null
            then coalesce(z.problem, 'time zone ' || k.timezone || ' cannot be used')
    end as zone_problem,
    coalesce(s.deleted, k.tenant_id is not null) as deleted,
    k.deleted as deleted_seen,
    k.next_change_at,
    k.published_through,
    k.failure
from (select 1) as only_row (place)
left join pipeline.source_tenants as s on s.tenant_id = :tenant
left join pipeline.tenant_state as k on k.tenant_id = :tenant
left join pipeline.zones as z on k.timezone = z.timezone
