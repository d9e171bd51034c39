-- One row: one day, or the first of one week or month, whose page or line is up though its hours or days are no longer
-- kept.
select
    f.tenant_id,
    cast(f.page as date) as day
from pipeline.files as f
cross join pipeline.progress as p
where
    f.tenant_id = any(:tenants)
    and f.superseded_at is null
    and f.kind = 'hourly'
    and f.page ~ '^\d{4}-\d\d-\d\d$'
    and f.page_to <= p.hours_from
union all
select
    f.tenant_id,
    cast(f.page || '-01' as date)
from pipeline.files as f
cross join pipeline.progress as p
where
    f.tenant_id = any(:tenants)
    and f.superseded_at is null
    and f.kind = 'daily'
    and f.page ~ '^\d{4}-\d\d$'
    and f.page < to_char(p.days_from, 'YYYY-MM')
union all
select
    f.tenant_id,
    cast(left(f.page, 7) || '-01' as date)
from pipeline.files as f
cross join pipeline.progress as p
where
    f.tenant_id = any(:tenants)
    and f.superseded_at is null
    and f.kind = 'costs'
    and f.page ~ '^\d{4}-\d\d'
    and left(f.page, 7) < to_char(p.days_from, 'YYYY-MM')
union all
select
    r.tenant_id,
    r.first_day
from pipeline.page_rows as r
cross join pipeline.progress as p
where r.tenant_id = any(:tenants) and r.first_day < p.days_from
