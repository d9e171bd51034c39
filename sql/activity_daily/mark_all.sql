-- The days of every stored hour, and the days of another zone that are to be looked at again.
insert into pipeline.marked_activity (tenant_id, day)
select
    tenant_id,
    (bucket_start at time zone :timezone)::date
from rollup.api_hourly
union
select
    tenant_id,
    (bucket_start at time zone :timezone)::date
from rollup.usage_hourly
union
select
    tenant_id,
    day
from pipeline.activity_daily
