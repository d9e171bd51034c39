delete from pipeline.files
where
    tenant_id = :tenant_id
    and path = :path
    and superseded_at is not null
