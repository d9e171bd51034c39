-- The stored hours of the touched days, without what is misplaced: no day is to be merged from that.
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
            m.tenant_id,
            m.bucket_start
        from misplaced as m
        where m.rollup = 'api_hourly'
    )
