update pipeline.tenant_state
set
    published_through = :through,
    next_change_at = :next_change_at,
    failure = null
where tenant_id = :tenant
