-- One row: one hour with data, of the tenants' days asked for in :tenants and :days, pairwise. A day before those whose
-- hours are kept has none.
with asked as (
    select
        a.tenant_id,
        a.day,
        k.zone,
        pipeline.day_start(a.day, k.zone) as starts_at,
        pipeline.day_start(a.day + 1, k.zone) as ends_at
    from pipeline.pairs(:tenants, :days) as a
    inner join pipeline.tenant_state as k on a.tenant_id = k.tenant_id
    cross join pipeline.progress as p
    where
        k.zone is not null
        and pipeline.day_start(a.day + 1, k.zone) > coalesce(p.hours_from, '-infinity')
),

-- One row: one tenant and the time that its days lie in; equality on the day then does the rest by a hash.
spans as (
    select
        tenant_id,
        zone,
        min(starts_at) as starts_at,
        least(max(ends_at), :through) as ends_at
    from asked
    group by tenant_id, zone
),

measured as (
    select
        s.tenant_id,
        s.zone,
        h.bucket_start,
        h.requests,
        h.client_errors,
        h.server_errors,
        h.duration_ms_sum,
        h.duration_count,
        h.duration_sketch,
        null::numeric as ai_tokens
    from spans as s
    inner join rollup.api_hourly as h
        on
            s.tenant_id = h.tenant_id
            and s.starts_at <= h.bucket_start
            and s.ends_at > h.bucket_start
            -- The same for all tenants at once: partitions that none of them asks for are not read.
            and h.bucket_start >= (select min(each.starts_at) from spans as each)
            and h.bucket_start < (select max(each.ends_at) from spans as each)
    union all
    select
        s.tenant_id,
        s.zone,
        u.bucket_start,
        null,
        null,
        null,
        null,
        null,
        null,
        u.amount
    from spans as s
    inner join rollup.usage_hourly as u
        on
            s.tenant_id = u.tenant_id
            and s.starts_at <= u.bucket_start
            and s.ends_at > u.bucket_start
            -- The same for all tenants at once: partitions that none of them asks for are not read.
            and u.bucket_start >= (select min(each.starts_at) from spans as each)
            and u.bucket_start < (select max(each.ends_at) from spans as each)
    where starts_with(u.quota_type, 'ai_tokens_')
),

totals as (
    select
        tenant_id,
        zone,
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
    group by tenant_id, zone, bucket_start
),

-- One row: one sketch key of one hour; counts as floats, exact up to 2^53 and summed faster than numerics.
keyed as (
    select
        tenant_id,
        bucket_start,
        key,
        sum(n) as n
    from (
        select
            tenant_id,
            bucket_start,
            unnest((duration_sketch).keys) as key,
            unnest((duration_sketch).counts)::double precision as n
        from measured
    ) as m
    group by tenant_id, bucket_start, key
),

ranked as (
    select
        tenant_id,
        bucket_start,
        key,
        sum(n) over (partition by tenant_id, bucket_start order by key) as up_to,
        sum(n) over (partition by tenant_id, bucket_start) as duration_count
    from keyed
),

keys as (
    select
        tenant_id,
        bucket_start,
        min(key) filter (where up_to >= greatest(1, ceil(0.50 * duration_count))) as p50_key,
        min(key) filter (where up_to >= greatest(1, ceil(0.95 * duration_count))) as p95_key,
        min(key) filter (where up_to >= greatest(1, ceil(0.99 * duration_count))) as p99_key
    from ranked
    group by tenant_id, bucket_start
)

select
    t.tenant_id,
    to_char(a.day, 'YYYY-MM-DD') as page,
    a.starts_at,
    a.ends_at,
    t.bucket_start as at,
    1 as days,
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
inner join asked as a on t.tenant_id = a.tenant_id and (t.bucket_start at time zone t.zone)::date = a.day
left join keys as k on t.tenant_id = k.tenant_id and t.bucket_start = k.bucket_start
order by t.tenant_id, t.bucket_start
