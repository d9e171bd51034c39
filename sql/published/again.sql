-- Somebody else published or changed the tenant meanwhile: it is looked at anew, whole.
update pipeline.tenant_state
set published_through = null
where tenant_id = :tenant
