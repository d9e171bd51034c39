-- One row: one endpoint among the first :most of one period of one tenant, or, with rank 0, all endpoints together.
-- Percentiles come as the sketch keys of their ranks, extremes in microseconds.
with measured as (
    select
        w.tenant_id,
        w.period,
        h.endpoint,
        h.requests,
        h.client_errors + h.server_errors as errors,
        h.duration_sketch as sketch
    from pipeline.windows(:through, :tenants, :periods) as w
    inner join rollup.api_hourly as h
        on w.tenant_id = h.tenant_id and w.starts_at <= h.bucket_start and w.ends_at > h.bucket_start
    where w.days = 1
    union all
    select
        w.tenant_id,
        w.period,
        d.endpoint,
        d.requests,
        d.client_errors + d.server_errors,
        d.duration_sketch
    from pipeline.windows(:through, :tenants, :periods) as w
    inner join rollup.api_daily as d on w.tenant_id = d.tenant_id and w.today - w.days <= d.day and w.today > d.day
    where w.days > 1
),

totals as (
    select
        tenant_id,
        period,
        endpoint,
        sum(requests)::bigint as requests,
        sum(errors)::bigint as errors,
        min((sketch).min_us) as us_min,
        max((sketch).max_us) as us_max,
        row_number() over (partition by tenant_id, period order by sum(requests) desc, endpoint) as rank
    from measured
    group by tenant_id, period, endpoint
),

listed as (
    select
        tenant_id,
        period,
        endpoint,
        requests,
        errors,
        us_min,
        us_max,
        rank
    from totals
    where rank <= :most
    union all
    select
        tenant_id,
        period,
        '',
        sum(requests)::bigint,
        sum(errors)::bigint,
        min(us_min),
        max(us_max),
        0
    from totals
    group by tenant_id, period
),

-- One row: one sketch key of one endpoint; counts as floats, exact up to 2^53 and summed faster than numerics.
keyed as (
    select
        tenant_id,
        period,
        endpoint,
        key,
        sum(n) as n
    from (
        select
            tenant_id,
            period,
            endpoint,
            unnest((sketch).keys) as key,
            unnest((sketch).counts)::double precision as n
        from measured
    ) as m
    group by tenant_id, period, endpoint, key
),

ranked as (
    select
        l.tenant_id,
        l.period,
        l.rank,
        k.key,
        sum(k.n) over (partition by l.tenant_id, l.period, l.rank order by k.key) as up_to,
        sum(k.n) over (partition by l.tenant_id, l.period, l.rank) as duration_count
    from (
        select
            tenant_id,
            period,
            endpoint,
            key,
            n,
            false as is_all
        from keyed
        union all
        select
            tenant_id,
            period,
            '',
            key,
            sum(n),
            true
        from keyed
        group by tenant_id, period, key
    ) as k
    inner join listed as l
        on
            k.tenant_id = l.tenant_id
            and k.period = l.period
            and k.endpoint = l.endpoint
            and k.is_all = (l.rank = 0)
),

keys as (
    select
        tenant_id,
        period,
        rank,
        max(duration_count)::bigint as duration_count,
        min(key) filter (where up_to >= greatest(1, ceil(0.50 * duration_count))) as p50_key,
        min(key) filter (where up_to >= greatest(1, ceil(0.95 * duration_count))) as p95_key,
        min(key) filter (where up_to >= greatest(1, ceil(0.99 * duration_count))) as p99_key
    from ranked
    group by tenant_id, period, rank
)

select
    l.tenant_id,
    l.period,
    l.rank,
    l.endpoint,
    l.requests,
    l.errors,
    l.us_min,
    l.us_max,
    coalesce(k.duration_count, 0) as duration_count,
    k.p50_key,
    k.p95_key,
    k.p99_key
from listed as l
left join keys as k on l.tenant_id = k.tenant_id and l.period = k.period and l.rank = k.rank
order by l.tenant_id, l.period, l.rank
