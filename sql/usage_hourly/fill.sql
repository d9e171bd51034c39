with span as materialized (
    -- One row: the range of the hours, hidden from the planner for the reason that api_hourly/fill.sql gives.
    select
        cast(:start as timestamptz) as start_time,
        cast(:end as timestamptz) as end_time
),

events as (
    -- One row: one usable usage record of a bucket to redo; read as api_hourly reads its requests.
    select
        e.tenant_id,
        e.bucket_start,
        e.quota_type collate "C" as quota_type,
        e.amount
    from span as s
    cross join lateral pipeline.usage_events(s.start_time, s.end_time) as e
    where
        :by_scan
        and e.tenant_id is not null
        and e.amount is not null
        and (
            e.bucket_start in (select r.bucket_start from redo as r where r.whole)
            or (e.tenant_id, e.bucket_start) in (
                select
                    r.tenant_id,
                    r.bucket_start
                from redo as r
                where not r.whole and r.tenant_id is not null
            )
        )
    union all
    select
        e.tenant_id,
        e.bucket_start,
        e.quota_type collate "C",
        e.amount
    from redo as r
    cross join lateral pipeline.usage_events(r.bucket_start, r.bucket_start + interval '1 hour') as e
    where not :by_scan and e.tenant_id = r.tenant_id and e.amount is not null
),

filled as (
    insert into @rollup.usage_hourly
    select
        tenant_id,
        bucket_start,
        quota_type,
        sum(amount) as amount,
        count(*) as records
    from events
    group by tenant_id, bucket_start, quota_type
    returning tenant_id, bucket_start
)

insert into touched (tenant_id, bucket_start)
select distinct
    f.tenant_id,
    f.bucket_start
from filled as f
where f.bucket_start in (select r.bucket_start from redo as r where r.whole)
