-- One row: what waits to be published of tenants whose publishing has not failed.
select
    count(*) as entries,
    count(distinct q.tenant_id) as tenants,
    min(q.queued_at) as oldest
from pipeline.queue as q
inner join pipeline.tenant_state as k on q.tenant_id = k.tenant_id
where k.failure is null
