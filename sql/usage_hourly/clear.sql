-- Where an hour is marked whole, all of it goes; else single buckets, one by one: however many there are, that costs
-- no more when there is more history.
with gone_hours as (
    delete from rollup.usage_hourly as h
    where
        :whole
        and h.bucket_start >= :start
        and h.bucket_start < :end
        and h.bucket_start in (select r.bucket_start from redo as r where r.whole)
    returning h.tenant_id, h.bucket_start
),

gone_buckets as (
    delete from rollup.usage_hourly as h
    using redo as r
    where
        not r.whole
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
