-- By scan, whole hours go; by lookup, single buckets.
with gone_hours as (
    delete from rollup.usage_hourly as h
    where
        :by_scan
        and h.bucket_start >= :start
        and h.bucket_start < :end
        and h.bucket_start in (select r.bucket_start from redo as r)
    returning h.tenant_id, h.bucket_start
),

gone_buckets as (
    delete from rollup.usage_hourly as h
    using redo as r
    where
        not :by_scan
        and h.tenant_id = r.tenant_id
        and h.bucket_start = r.bucket_start
    returning 1
)

-- What a whole hour held before has been touched, even if nothing of it comes back.
insert into touched (tenant_id, bucket_start)
select distinct
    g.tenant_id,
    g.bucket_start
from gone_hours as g
where g.bucket_start in (select r.bucket_start from redo as r where r.whole)
