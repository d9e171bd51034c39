-- One row: one file under an address that the tenant no longer has, dashboards first.
select
    tenant_id,
    path
from pipeline.files
where
    tenant_id::text = :id
    and superseded_at is not null
    and not starts_with(path, :folder)
order by kind <> 'dashboard', path
