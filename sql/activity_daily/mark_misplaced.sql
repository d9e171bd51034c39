-- The platform's days that what is misplaced may have been counted in.
insert into pipeline.marked_activity (tenant_id, day)
select distinct
    tenant_id,
    (bucket_start at time zone :timezone)::date
from misplaced
where rollup in ('api_hourly', 'usage_hourly') and pipeline.has_hour(bucket_start)
