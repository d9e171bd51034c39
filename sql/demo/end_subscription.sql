update @table
set
    @status = 'cancelled',
    @ended_at = :ended_at
where @tenant_id = :tenant_id and @started_at = :started_at
