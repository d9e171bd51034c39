-- One row: what waits for the next publish.
select
    count(*) as entries,
    count(distinct day) as days,
    min(queued_at) as queued_at
from pipeline.queue
where tenant_id = :tenant
