-- One row: one hour with data, of the tenants' days asked for in :tenants and :days, pairwise.
with asked as (
    select
        a.tenant_id,
        a.day,
        a.day::timestamp at time zone k.zone as starts_at,
        (a.day + 1)::timestamp at time zone k.zone as ends_at
    from pipeline.pairs(:tenants, :days) as a
    inner join pipeline.tenant_state as k on a.tenant_id = k.tenant_id
    where k.zone is not null
),

measured as (
    select
        a.tenant_id,
        a.day,
        a.starts_at,
        a.ends_at,
        h.bucket_start,
        h.requests,
        h.client_errors,
        h.server_errors,
        h.duration_ms_sum,
        h.duration_count,
        h.duration_sketch,
        null::numeric as ai_tokens
    from asked as a
    inner join rollup.api_hourly as h
        on
            a.tenant_id = h.tenant_id
            and a.starts_at <= h.bucket_start
            and a.ends_at > h.bucket_start
            and :through > h.bucket_start
    union all
    select
        a.tenant_id,
        a.day,
        a.starts_at,
        a.ends_at,
        u.bucket_start,
        null,
        null,
        null,
        null,
        null,
        null,
        u.amount
    from asked as a
    inner join rollup.usage_hourly as u
        on
            a.tenant_id = u.tenant_id
            and a.starts_at <= u.bucket_start
            and a.ends_at > u.bucket_start
            and :through > u.bucket_start
    where starts_with(u.quota_type, 'ai_tokens_')
),

totals as (
    select
        tenant_id,
        day,
        starts_at,
        ends_at,
        bucket_start,
        coalesce(sum(requests), 0)::bigint as requests,
        coalesce(sum(client_errors), 0)::bigint as client_errors,
        coalesce(sum(server_errors), 0)::bigint as server_errors,
        coalesce(sum(duration_ms_sum), 0) as duration_ms_sum,
        coalesce(sum(duration_count), 0)::bigint as duration_count,
        coalesce(sum(ai_tokens), 0) as ai_tokens,
        min((duration_sketch).min_us) as us_min,
        max((duration_sketch).max_us) as us_max
    from measured
    group by tenant_id, day, starts_at, ends_at, bucket_start
),

ranked as (
    select
        m.tenant_id,
        m.bucket_start,
        k.key,
        sum(sum(k.n)) over (partition by m.tenant_id, m.bucket_start order by k.key) as up_to,
        sum(sum(k.n)) over (partition by m.tenant_id, m.bucket_start) as duration_count
    from measured as m
    cross join lateral unnest((m.duration_sketch).keys, (m.duration_sketch).counts) as k (key, n)
    group by m.tenant_id, m.bucket_start, k.key
),

keys as (
    select
        tenant_id,
        bucket_start,
        min(key) filter (where up_to >= greatest(1, ceil(0.50 * duration_count::double precision))) as p50_key,
        min(key) filter (where up_to >= greatest(1, ceil(0.95 * duration_count::double precision))) as p95_key,
        min(key) filter (where up_to >= greatest(1, ceil(0.99 * duration_count::double precision))) as p99_key
    from ranked
    group by tenant_id, bucket_start
)

select
    t.tenant_id,
    to_char(t.day, 'YYYY-MM-DD') as page,
    t.starts_at,
    t.ends_at,
    t.bucket_start as at,
    t.requests,
    t.client_errors,
    t.server_errors,
    t.duration_ms_sum,
    t.duration_count,
    t.ai_tokens,
    t.us_min,
    t.us_max,
    k.p50_key,
    k.p95_key,
    k.p99_key
from totals as t
left join keys as k on t.tenant_id = k.tenant_id and t.bucket_start = k.bucket_start
order by t.tenant_id, t.bucket_start
