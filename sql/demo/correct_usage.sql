update @table
set @amount = :amount
where @tenant_id = :tenant_id and @created_at = :created_at
