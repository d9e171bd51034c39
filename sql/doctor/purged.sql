-- One row: one raw table. Of each tenant the oldest stored hour since :not_before is looked up: where most of them have
-- no raw row any more, raw rows are being purged, and the next tick takes the deletion for a correction.
with oldest as (
    -- One row: one tenant's oldest hour of one raw table that a deletion still changes.
    select
        'api_requests' as source,
        k.tenant_id,
        (
            select h.bucket_start from rollup.api_hourly as h
            where
                h.tenant_id = k.tenant_id
                and h.bucket_start >= :not_before
                and not exists (
                    select from pipeline.purged_hours as p
                    where p.source = 'api_requests' and p.bucket_start = h.bucket_start
                )
            order by h.bucket_start
            limit 1
        ) as bucket_start
    from pipeline.tenant_state as k
    union all
    select
        'usage_records',
        k.tenant_id,
        (
            select h.bucket_start from rollup.usage_hourly as h
            where
                h.tenant_id = k.tenant_id
                and h.bucket_start >= :not_before
                and not exists (
                    select from pipeline.purged_hours as p
                    where p.source = 'usage_records' and p.bucket_start = h.bucket_start
                )
            order by h.bucket_start
            limit 1
        )
    from pipeline.tenant_state as k
),

looked_up as (
    -- One row: one of these hours, and whether there are raw rows of it.
    select
        o.source,
        o.bucket_start,
        exists(
            select from pipeline.api_events(o.bucket_start, o.bucket_start + interval '1 hour') as e
            where e.tenant_id = o.tenant_id
        ) as is_there
    from oldest as o
    where o.source = 'api_requests' and o.bucket_start is not null
    union all
    select
        o.source,
        o.bucket_start,
        exists(
            select from pipeline.usage_events(o.bucket_start, o.bucket_start + interval '1 hour') as e
            where e.tenant_id = o.tenant_id
        )
    from oldest as o
    where o.source = 'usage_records' and o.bucket_start is not null
)

select
    source,
    count(*) as tenants,
    count(*) filter (where not is_there) as emptied,
    min(bucket_start) filter (where not is_there) as oldest
from looked_up
group by source
order by source
