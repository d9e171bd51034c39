-- Takes misplaced buckets away, and marks the days that may have been merged from them.
with gone as (
    delete from rollup.usage_hourly as h
    using misplaced as m
    where m.rollup = 'usage_hourly' and h.tenant_id = m.tenant_id and h.bucket_start = m.bucket_start
    returning
        h.tenant_id,
        h.bucket_start
)

insert into pipeline.marked_days (rollup, tenant_id, day)
select distinct
    'usage_daily',
    g.tenant_id,
    (g.bucket_start at time zone case when k.tenant_id is null then :timezone else k.zone end)::date
from gone as g
left join pipeline.tenant_state as k on g.tenant_id = k.tenant_id
where pipeline.has_hour(g.bucket_start) and (k.tenant_id is null or k.zone is not null)
