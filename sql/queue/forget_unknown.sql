-- Entries of tenants without a row: all their files are made when the row appears.
delete from pipeline.queue as q
where not exists (select from pipeline.tenant_state as k where k.tenant_id = q.tenant_id)
