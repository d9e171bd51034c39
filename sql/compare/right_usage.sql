-- The hours of the touched days as they rightly are. Of what differs, recomputed buckets count, and none that is no
-- hour.
with wrong as (
    -- One row: one bucket whose stored rows are not what the tick makes of it; what waits it makes later, days and all.
    select
        d.tenant_id,
        d.bucket_start
    from differing as d
    where d.rollup = 'usage_hourly' and not d.waiting
)

insert into right_usage_hourly
select
    h.tenant_id,
    h.bucket_start,
    h.quota_type,
    h.amount,
    h.records
from rollup.usage_hourly as h
where
    h.bucket_start >= (select min(t.day_start) from touched_days as t)
    and h.bucket_start < (select max(t.day_end) from touched_days as t)
    and (:misplaced_stay or h.bucket_start = pipeline.hour_of(h.bucket_start))
    and (h.tenant_id, h.bucket_start) not in (
        select
            w.tenant_id,
            w.bucket_start
        from wrong as w
    )
union all
select
    n.tenant_id,
    n.bucket_start,
    n.quota_type,
    n.amount,
    n.records
from pg_temp.usage_hourly as n
where
    (n.tenant_id, n.bucket_start) in (
        select
            w.tenant_id,
            w.bucket_start
        from wrong as w
    )
