-- One row: how many stored days of [:start, :end) belong to tenants whose time zone cannot be used.
select count(*) as days
from (
    select distinct
        d.tenant_id,
        d.day
    from rollup.usage_daily as d
    inner join pipeline.tenant_state as k on d.tenant_id = k.tenant_id
    where
        k.zone is null
        and (cast(:tenants as text[]) is null or d.tenant_id::text = any(cast(:tenants as text[])))
        and d.day >= (cast(:start as timestamptz) at time zone 'UTC')::date
        and d.day::timestamp at time zone 'UTC' < :end
) as s
