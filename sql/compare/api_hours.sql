-- Buckets of requests that are not what raw rows give.
with stored as (
    -- One row: one stored (tenant, hour, endpoint) of the hours, or buckets, that were recomputed.
    select h.*
    from rollup.api_hourly as h
    where
        :by_scan
        and h.bucket_start >= :start
        and h.bucket_start < :end
        and h.bucket_start in (select r.bucket_start from redo as r)
    union all
    select h.*
    from redo as r
    inner join rollup.api_hourly as h on r.tenant_id = h.tenant_id and r.bucket_start = h.bucket_start
    where not :by_scan
),

-- One row: one (tenant, hour, endpoint), stored, recomputed or both.
compared as (
    select
        coalesce(s.tenant_id, n.tenant_id) as tenant_id,
        coalesce(s.bucket_start, n.bucket_start) as bucket_start,
        coalesce(s.requests, 0) as stored,
        coalesce(n.requests, 0) as recomputed,
        (s.tenant_id is null) as not_stored,
        (n.tenant_id is null) as not_supported,
        (s.requests is distinct from n.requests) as requests,
        (s.client_errors is distinct from n.client_errors) as client_errors,
        (s.server_errors is distinct from n.server_errors) as server_errors,
        (s.duration_ms_sum is distinct from n.duration_ms_sum) as duration_ms_sum,
        (s.duration_ms_min is distinct from n.duration_ms_min) as duration_ms_min,
        (s.duration_ms_max is distinct from n.duration_ms_max) as duration_ms_max,
        (s.duration_count is distinct from n.duration_count) as duration_count,
        (s.duration_sketch is distinct from n.duration_sketch) as duration_sketch
    from stored as s
    full join pg_temp.api_hourly as n
        on s.tenant_id = n.tenant_id and s.bucket_start = n.bucket_start and s.endpoint = n.endpoint
),

-- One row: one (tenant, hour, endpoint), and whether anything of it differs.
judged as (
    select
        *,
        (
            not_stored or not_supported or requests or client_errors or server_errors or duration_ms_sum
            or duration_ms_min or duration_ms_max or duration_count or duration_sketch
        ) as differs
    from compared
),

-- One row: one bucket that differs, with the requests of all its endpoints.
buckets as (
    select
        tenant_id,
        bucket_start,
        count(*) filter (where differs) as names,
        array_remove(array[
            case when bool_or(not_stored) then 'not stored' end,
            case when bool_or(not_supported) then 'no raw rows' end,
            case when bool_or(requests) then 'requests' end,
            case when bool_or(client_errors) then 'client_errors' end,
            case when bool_or(server_errors) then 'server_errors' end,
            case when bool_or(duration_ms_sum) then 'duration_ms_sum' end,
            case when bool_or(duration_ms_min) then 'duration_ms_min' end,
            case when bool_or(duration_ms_max) then 'duration_ms_max' end,
            case when bool_or(duration_count) then 'duration_count' end,
            case when bool_or(duration_sketch) then 'duration_sketch' end
        ], null) as what,
        sum(stored) as stored,
        sum(recomputed) as recomputed
    from judged
    group by tenant_id, bucket_start
    -- Of the hours after data_through only what is stored is compared: it is what a tick that was killed has left.
    having bool_or(differs) and (bucket_start < :data_through or not bool_and(not_stored))
)

insert into differing (rollup, tenant_id, bucket_start, day, names, what, stored, recomputed, waiting)
select
    'api_hourly',
    b.tenant_id,
    b.bucket_start,
    (b.bucket_start at time zone case when k.tenant_id is null then :timezone else k.zone end)::date,
    b.names,
    b.what,
    b.stored,
    b.recomputed,
    (
        b.bucket_start in (select w.bucket_start from waiting as w where w.whole)
        or (b.tenant_id, b.bucket_start) in (
            select
                w.tenant_id,
                w.bucket_start
            from waiting as w
            where w.tenant_id is not null
        )
    ) as waiting
from buckets as b
left join pipeline.tenant_state as k on b.tenant_id = k.tenant_id
