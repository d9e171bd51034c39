-- One row: one day of a tenant that has data, or has a page.
select
    d.tenant_id,
    d.day
from rollup.api_daily as d
where d.tenant_id = any(:tenants)
union
select
    u.tenant_id,
    u.day
from rollup.usage_daily as u
where u.tenant_id = any(:tenants)
union
select
    c.tenant_id,
    c.day
from rollup.cost_daily as c
where c.tenant_id = any(:tenants)
union
select
    f.tenant_id,
    cast(f.page as date)
from pipeline.files as f
where f.tenant_id = any(:tenants) and f.kind = 'hourly' and f.page ~ '^\d{4}-\d\d-\d\d$' and f.superseded_at is null
union
select
    f.tenant_id,
    cast(f.page || '-01' as date)
from pipeline.files as f
where f.tenant_id = any(:tenants) and f.kind = 'daily' and f.page ~ '^\d{4}-\d\d$' and f.superseded_at is null
union
select
    f.tenant_id,
    cast(left(f.page, 7) || '-01' as date)
from pipeline.files as f
where f.tenant_id = any(:tenants) and f.kind = 'costs' and f.page ~ '^\d{4}-\d\d' and f.superseded_at is null
union
-- The 4th of January lies in the year of that number, by the calendar and by ISO weeks.
select
    f.tenant_id,
    cast(f.page || '-01-04' as date)
from pipeline.files as f
where
    f.tenant_id = any(:tenants)
    and f.kind in ('weekly', 'monthly')
    and f.page ~ '^\d{4}$'
    and f.superseded_at is null
