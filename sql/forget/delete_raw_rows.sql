delete from @relation
where @tenant_id = :tenant
