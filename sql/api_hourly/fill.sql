with span as materialized (
    -- One row: the range of the hours. The planner must not see these values: it knows nothing of hours that are newer
    -- than its statistics, takes them for empty, and would walk the index on tenant and time from end to end.
    select
        cast(:start as timestamptz) as start_time,
        cast(:end as timestamptz) as end_time
),

events as (
    -- One row: one request of a bucket to redo. Many tenants of an hour are read by one scan of the time range, a few
    -- late buckets by the index on tenant and time; the other branch is a constant false and costs nothing.
    select
        e.tenant_id,
        e.bucket_start,
        e.endpoint collate "C" as endpoint,
        e.status_code,
        e.duration_us
    from span as s
    cross join lateral pipeline.api_events(s.start_time, s.end_time) as e
    where
        :by_scan
        and e.tenant_id is not null
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
        e.endpoint collate "C",
        e.status_code,
        e.duration_us
    from redo as r
    cross join lateral pipeline.api_events(r.bucket_start, r.bucket_start + interval '1 hour') as e
    where not :by_scan and e.tenant_id = r.tenant_id
),

-- One row: one sketch key of one (tenant, hour, endpoint); no key where no duration is usable.
keyed as (
    select
        tenant_id,
        bucket_start,
        endpoint,
        case when duration_us is not null then rollup.sketch_key(duration_us) end as key,
        count(*) as requests,
        count(*) filter (where status_code between 400 and 499) as client_errors,
        count(*) filter (where status_code between 500 and 599) as server_errors,
        sum(duration_us) as us_sum,
        min(duration_us) as us_min,
        max(duration_us) as us_max,
        count(duration_us) as duration_count
    from events
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
),

filled as (
    insert into @rollup.api_hourly
    select
        tenant_id,
        bucket_start,
        endpoint,
        sum(requests)::bigint as requests,
        sum(client_errors)::bigint as client_errors,
        sum(server_errors)::bigint as server_errors,
        sum(us_sum) * 0.001 as duration_ms_sum,
        min(us_min) * 0.001 as duration_ms_min,
        max(us_max) * 0.001 as duration_ms_max,
        sum(duration_count)::bigint as duration_count,
        case when sum(duration_count) > 0 then row(
            min(us_min),
            max(us_max),
            array_agg(key) filter (where key is not null),
            array_agg(duration_count) filter (where key is not null)
        )::rollup.sketch end as duration_sketch
    from keyed
    group by tenant_id, bucket_start, endpoint
    returning tenant_id, bucket_start
)

insert into touched (tenant_id, bucket_start)
select distinct
    f.tenant_id,
    f.bucket_start
from filled as f
where f.bucket_start in (select r.bucket_start from redo as r where r.whole)
