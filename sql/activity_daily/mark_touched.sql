-- The platform's days of the touched hours, also those of tenants that nobody knows or that have no days of their own.
insert into pipeline.marked_activity (tenant_id, day)
select distinct
    tenant_id,
    (bucket_start at time zone :timezone)::date
from touched
