insert into pipeline.queue (tenant_id)
select tenant_id from changed
