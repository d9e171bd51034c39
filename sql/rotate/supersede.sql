-- Nothing is up under the new address.
update pipeline.files
set superseded_at = clock_timestamp()
where
    tenant_id = :tenant
    and superseded_at is null
