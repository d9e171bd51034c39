delete from pipeline.page_rows
where tenant_id = :tenant and kind = :kind and first_day = :first_day
