-- One row: one of the export, of [:start, :end).
select
    r.tenant_id,
    r.day,
    r.endpoint,
    r.requests,
    r.client_errors,
    r.server_errors,
    r.duration_ms_sum::numeric(38, 3) as duration_ms_sum,
    r.duration_ms_min::numeric(38, 3) as duration_ms_min,
    r.duration_ms_max::numeric(38, 3) as duration_ms_max,
    r.duration_count,
    (r.duration_sketch).keys as sketch_keys,
    (r.duration_sketch).counts as sketch_counts
from rollup.api_daily as r
where
    r.day >= cast(:start as date)
    and r.day < cast(:end as date)
order by r.tenant_id, r.day, r.endpoint
