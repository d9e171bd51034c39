-- Stored buckets that no raw row can give: they begin at no whole hour, or with `unplaced` where there are no hours.
insert into differing (rollup, tenant_id, bucket_start, names, what, stored, recomputed, waiting)
select
    'usage_hourly',
    h.tenant_id,
    h.bucket_start,
    count(*),
    array['no whole hour'],
    sum(h.amount),
    0,
    false
from rollup.usage_hourly as h
where
    (
        h.bucket_start >= :start
        and h.bucket_start < :end
        and h.bucket_start <> pipeline.hour_of(h.bucket_start)
    )
    or (:unplaced and not pipeline.has_hour(h.bucket_start))
group by h.tenant_id, h.bucket_start
