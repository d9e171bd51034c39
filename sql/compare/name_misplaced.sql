-- What differs where nothing can be stored: at no whole hour, or after data_through. A mark would not take it away.
insert into misplaced (rollup, tenant_id, bucket_start)
select
    d.rollup,
    d.tenant_id,
    d.bucket_start
from differing as d
where
    d.rollup in ('api_hourly', 'usage_hourly', 'rejected_by_tenant', 'rejected_hourly')
    and not d.waiting
    and (
        d.bucket_start >= :data_through
        or (d.bucket_start <> pipeline.bucket_of(d.bucket_start))
        or (d.bucket_start = '-infinity' and d.rollup in ('api_hourly', 'usage_hourly'))
    )
