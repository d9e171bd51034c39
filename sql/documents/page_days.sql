-- One row: one closed day with data, of the tenants' months asked for in :tenants and :months (first days), pairwise. A
-- month before those whose days are kept has none.
with asked as (
    select
        a.tenant_id,
        a.day as month,
        k.zone,
        (cast(:through as timestamptz) at time zone k.zone)::date as today
    from pipeline.pairs(:tenants, :months) as a
    inner join pipeline.tenant_state as k on a.tenant_id = k.tenant_id
    cross join pipeline.progress as p
    where k.zone is not null and a.day >= coalesce(date_trunc('month', p.days_from), '-infinity')
),

measured as (
    select
        a.tenant_id,
        a.month,
        a.zone,
        d.day,
        d.requests,
        d.client_errors,
        d.server_errors,
        d.duration_ms_sum,
        d.duration_count,
        d.duration_sketch,
        null::numeric as ai_tokens
    from asked as a
    inner join rollup.api_daily as d
        on
            a.tenant_id = d.tenant_id
            and a.month <= d.day
            and a.month + interval '1 month' > d.day
            and a.today > d.day
    union all
    select
        a.tenant_id,
        a.month,
        a.zone,
        u.day,
        null,
        null,
        null,
        null,
        null,
        null,
        u.amount
    from asked as a
    inner join rollup.usage_daily as u
        on
            a.tenant_id = u.tenant_id
            and a.month <= u.day
            and a.month + interval '1 month' > u.day
            and a.today > u.day
    where starts_with(u.quota_type, 'ai_tokens_')
),

totals as (
    select
        tenant_id,
        month,
        zone,
        day,
        coalesce(sum(requests), 0)::bigint as requests,
        coalesce(sum(client_errors), 0)::bigint as client_errors,
        coalesce(sum(server_errors), 0)::bigint as server_errors,
        coalesce(sum(duration_ms_sum), 0) as duration_ms_sum,
        coalesce(sum(duration_count), 0)::bigint as duration_count,
        coalesce(sum(ai_tokens), 0) as ai_tokens,
        min((duration_sketch).min_us) as us_min,
        max((duration_sketch).max_us) as us_max
    from measured
    group by tenant_id, month, zone, day
),

-- One row: one sketch key of one day; counts as floats, exact up to 2^53 and summed faster than numerics.
keyed as (
    select
        tenant_id,
        day,
        key,
        sum(n) as n
    from (
        select
            tenant_id,
            day,
            unnest((duration_sketch).keys) as key,
            unnest((duration_sketch).counts)::double precision as n
        from measured
    ) as m
    group by tenant_id, day, key
),

ranked as (
    select
        tenant_id,
        day,
        key,
        sum(n) over (partition by tenant_id, day order by key) as up_to,
        sum(n) over (partition by tenant_id, day) as duration_count
    from keyed
),

keys as (
    select
        tenant_id,
        day,
        min(key) filter (where up_to >= greatest(1, ceil(0.50 * duration_count))) as p50_key,
        min(key) filter (where up_to >= greatest(1, ceil(0.95 * duration_count))) as p95_key,
        min(key) filter (where up_to >= greatest(1, ceil(0.99 * duration_count))) as p99_key
    from ranked
    group by tenant_id, day
)

select
    t.tenant_id,
    to_char(t.month, 'YYYY-MM') as page,
    pipeline.day_start(t.month, t.zone) as starts_at,
    pipeline.day_start((t.month + interval '1 month')::date, t.zone) as ends_at,
    to_char(t.day, 'YYYY-MM-DD') as at,
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
left join keys as k on t.tenant_id = k.tenant_id and t.day = k.day
order by t.tenant_id, t.day
