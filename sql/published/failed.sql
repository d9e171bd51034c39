update pipeline.tenant_state
set failure = :failure
where tenant_id = :tenant
