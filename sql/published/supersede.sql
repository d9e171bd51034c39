update pipeline.files
set superseded_at = clock_timestamp()
where
    tenant_id = :tenant
    and kind = :kind
    and page = :page
    and is_former = :is_former
    and superseded_at is null
