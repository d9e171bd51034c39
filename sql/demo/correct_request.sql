update @table
set
    @status_code = :status_code,
    @duration_ms = :duration_ms
where @tenant_id = :tenant_id and @created_at = :created_at
