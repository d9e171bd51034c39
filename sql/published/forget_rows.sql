delete from pipeline.page_rows
where tenant_id = :tenant
