select max(published_through) as through from pipeline.tenant_state
