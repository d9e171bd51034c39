-- One row: one current file of the tenants asked for, also under the keys of the previous secret.
select
    tenant_id,
    path,
    kind,
    page,
    content_hash,
    bytes,
    page_from,
    page_to,
    version,
    seq,
    is_former
from pipeline.files
where tenant_id = any(:tenants) and superseded_at is null
order by tenant_id, is_former, kind, page
