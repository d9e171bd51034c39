-- Takes forgotten tenants out of what has just been filled, and counts their raw rows instead, without saying whose
-- they are. Gives how many buckets were taken out.
with buckets as (
    -- One row: one hour of one of them that is redone.
    select distinct
        f.tenant_id,
        f.digest,
        r.bucket_start
    from refused as f
    inner join redo as r on r.whole or r.tenant_id is null or f.tenant_id = r.tenant_id
),

gone as (
    delete from @rollup.api_hourly as h
    using buckets as b
    where h.tenant_id = b.tenant_id and h.bucket_start = b.bucket_start
    returning 1
),

untouched as (
    delete from touched as t
    using refused as f
    where t.tenant_id = f.tenant_id
),

rejected as (
    delete from @pipeline.rejected_by_tenant as j
    using refused as f
    where
        j.source = 'api_requests'
        and j.tenant_id = f.tenant_id
        and j.reason <> 'beyond_horizon'
        and j.bucket_start in (select r.bucket_start from redo as r)
    returning 1
),

late as (
    -- What came beyond the horizon nothing can recount: it only loses its name.
    update @pipeline.rejected_by_tenant as j
    set tenant_id = null, forgotten = f.digest
    from refused as f
    where j.source = 'api_requests' and j.tenant_id = f.tenant_id and j.reason = 'beyond_horizon'
),

recounted_rows as (
    delete from @pipeline.rejected_by_tenant as j
    using redo as r
    where
        j.source = 'api_requests'
        and j.reason = 'forgotten'
        and j.bucket_start = r.bucket_start
        and (
            r.whole
            or r.tenant_id is null
            or j.forgotten in (select f.digest from refused as f where f.tenant_id = r.tenant_id)
        )
),

counted as (
    insert into @pipeline.rejected_by_tenant (source, bucket_start, reason, rows, forgotten)
    select
        'api_requests',
        b.bucket_start,
        'forgotten',
        count(*),
        b.digest
    from buckets as b
    cross join lateral pipeline.api_events(b.bucket_start, b.bucket_start + interval '1 hour') as e
    where e.tenant_id = b.tenant_id
    group by b.bucket_start, b.digest
)

select
    (select count(*) from gone) as hourly,
    (select count(*) from rejected) as rejected
