update @table
set @status = 'active'
where @tenant_id = :tenant_id and @started_at = :started_at
