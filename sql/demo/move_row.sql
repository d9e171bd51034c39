update @table
set @created_at = :moved_to
where @tenant_id = :tenant_id and @created_at = :created_at
