update pipeline.files
set superseded_at = :at
where
    tenant_id = :tenant
    and kind = :kind
    and page = :page
    and superseded_at is null
