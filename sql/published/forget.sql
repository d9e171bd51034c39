delete from pipeline.files
where tenant_id = :tenant
