-- Marks the tenants' days of the platform that differ.
insert into pipeline.marked_activity (tenant_id, day)
select
    d.tenant_id,
    d.day
from differing as d
where d.rollup = 'activity_daily' and not d.waiting
