-- One row: one of the largest dashboards that are up, of all or of those whose lists are shorter than usual.
select
    tenant_id::text as tenant,
    bytes,
    shortened,
    count(*) over () as in_all
from pipeline.files
where
    kind = 'dashboard'
    and superseded_at is null
    and not is_former
    and (shortened is not null or not :only_shortened)
order by bytes desc, tenant_id::text
limit :most
