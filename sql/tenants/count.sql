select count(*) as tenants from pipeline.tenant_state
