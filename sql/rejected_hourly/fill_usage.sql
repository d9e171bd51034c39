with span as materialized (
    -- One row: the range of the hours, hidden from the planner for the reason that api_hourly/fill.sql gives.
    select
        cast(:start as timestamptz) as start_time,
        cast(:end as timestamptz) as end_time
),

events as (
    -- One row: one raw row of a bucket to redo that has something wrong.
    select
        e.tenant_id,
        e.bucket_start,
        e.rejected
    from span as s
    cross join lateral pipeline.usage_events(s.start_time, s.end_time) as e
    where
        :by_scan
        and cardinality(e.rejected) > 0
        and e.bucket_start in (select r.bucket_start from redo as r)
    union all
    select
        e.tenant_id,
        e.bucket_start,
        e.rejected
    from redo as r
    cross join lateral pipeline.usage_events(r.bucket_start, r.bucket_start + interval '1 hour') as e
    where not :by_scan and e.tenant_id = r.tenant_id and cardinality(e.rejected) > 0
    union all
    select
        e.tenant_id,
        e.bucket_start,
        e.rejected
    from redo as r
    cross join lateral pipeline.usage_events(r.bucket_start, r.bucket_start + interval '1 hour') as e
    where not :by_scan and r.tenant_id is null and e.tenant_id is null
)

insert into @pipeline.rejected_by_tenant (source, bucket_start, tenant_id, reason, rows)
select
    :source,
    e.bucket_start,
    e.tenant_id,
    w.reason,
    count(*)
from events as e
cross join unnest(e.rejected) as w (reason)
group by e.bucket_start, e.tenant_id, w.reason
