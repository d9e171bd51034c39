-- One row: one current file of the tenants asked for.
select
    tenant_id,
    path,
    kind,
    page,
    content_hash,
    bytes,
    page_from,
    page_to
from pipeline.files
where tenant_id = any(:tenants) and superseded_at is null
order by tenant_id, kind, page
