-- Marks the buckets that differ, as of the time at which they were judged not to be frozen. As many rows come as go:
-- should the hour be purged before the tick, none of them came too late.
with places as (
    -- One row: one bucket that differs, and half of how many rows there are to read again.
    select
        d.tenant_id,
        d.bucket_start,
        coalesce(max(d.recomputed) filter (where d.rollup = 'api_hourly'), 0)::bigint / 2 as half
    from differing as d
    where
        d.bucket_start = pipeline.bucket_of(d.bucket_start)
        and not d.waiting
        -- What lies after data_through goes; a mark brings back what raw rows give, once its hour is over.
        and (
            d.bucket_start < :data_through
            or d.bucket_start in (
                select n.bucket_start from pg_temp.api_hourly as n
                union all
                select n.bucket_start from pg_temp.usage_hourly as n
                union all
                select n.bucket_start from pg_temp.rejected_by_tenant as n
            )
        )
    group by d.tenant_id, d.bucket_start
)

insert into pipeline.marks (source, tenant_id, bucket_start, added, removed, marked_at)
select
    :source,
    tenant_id,
    bucket_start,
    half as added,
    half as removed,
    :judged_at
from places
