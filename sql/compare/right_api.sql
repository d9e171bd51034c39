-- The hours of the touched days as they rightly are. Of what differs, recomputed buckets count, and none that is no
-- hour.
with wrong as (
    -- One row: one bucket whose stored rows are not what the tick makes of it; what waits it makes later, days and all.
    select
        d.tenant_id,
        d.bucket_start
    from differing as d
    where d.rollup = 'api_hourly' and not d.waiting
)

insert into right_api_hourly
select
    h.tenant_id,
    h.bucket_start,
    h.endpoint,
    h.requests,
    h.client_errors,
    h.server_errors,
    h.duration_ms_sum,
    h.duration_ms_min,
    h.duration_ms_max,
    h.duration_count,
    h.duration_sketch
from rollup.api_hourly as h
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
    n.endpoint,
    n.requests,
    n.client_errors,
    n.server_errors,
    n.duration_ms_sum,
    n.duration_ms_min,
    n.duration_ms_max,
    n.duration_count,
    n.duration_sketch
from pg_temp.api_hourly as n
where
    (n.tenant_id, n.bucket_start) in (
        select
            w.tenant_id,
            w.bucket_start
        from wrong as w
    )
