-- One row: one endpoint among the first :most of one period of one tenant, or, with rank 0, all endpoints together and
-- how many they are. Percentiles come as the sketch keys of their ranks, extremes in microseconds.
-- A tenant at a time, its days read once for all periods, and endpoints ranked before their sketches are looked at: a
-- tenant with an endpoint a request costs seconds. `span` is the days of the shortest period that a part lies in.
with asked as (
    select
        tenant_id,
        today,
        max(starts_at) filter (where days = 1) as first_hour,
        max(ends_at) filter (where days = 1) as end_hour,
        max(days) filter (where days > 1) as longest,
        array_agg(period) as periods,
        array_agg(days) as lengths
    from pipeline.windows(:through, :tenants, :periods)
    group by tenant_id, today
)

select
    a.tenant_id,
    e.period,
    e.rank,
    e.endpoint,
    e.endpoints,
    e.requests,
    e.errors,
    e.us_min,
    e.us_max,
    e.duration_count,
    e.p50_key,
    e.p95_key,
    e.p99_key
from asked as a
cross join
    lateral (
        -- One row: one endpoint, its requests and errors in each period.
        with totals as materialized (
            select
                m.endpoint,
                sum(m.requests) filter (where m.span = 1) as requests_1,
                sum(m.requests) filter (where m.span = 7) as requests_7,
                sum(m.requests) filter (where m.span in (7, 30)) as requests_30,
                sum(m.requests) filter (where m.span > 1) as requests_90,
                sum(m.errors) filter (where m.span = 1) as errors_1,
                sum(m.errors) filter (where m.span = 7) as errors_7,
                sum(m.errors) filter (where m.span in (7, 30)) as errors_30,
                sum(m.errors) filter (where m.span > 1) as errors_90
            from (
                select
                    1 as span,
                    h.endpoint,
                    h.requests,
                    h.client_errors + h.server_errors as errors
                from rollup.api_hourly as h
                where a.tenant_id = h.tenant_id and a.first_hour <= h.bucket_start and a.end_hour > h.bucket_start
                union all
                select
                    case when a.today - d.day <= 7 then 7 when a.today - d.day <= 30 then 30 else 90 end,
                    d.endpoint,
                    d.requests,
                    d.client_errors + d.server_errors
                from rollup.api_daily as d
                where a.tenant_id = d.tenant_id and a.today - a.longest <= d.day and a.today > d.day
            ) as m
            group by m.endpoint
        ),

        -- One row: one line of the answer, without its percentiles.
        listed as (
            select
                p.period,
                p.days,
                f.rank,
                f.endpoint,
                f.endpoints,
                f.requests,
                f.errors
            from unnest(a.periods, a.lengths) as p (period, days)
            cross join lateral (
                with counted as not materialized (
                    select
                        t.endpoint,
                        case p.days
                            when 1 then t.requests_1
                            when 7 then t.requests_7
                            when 30 then t.requests_30
                            else t.requests_90
                        end::bigint as requests,
                        case p.days
                            when 1 then t.errors_1
                            when 7 then t.errors_7
                            when 30 then t.errors_30
                            else t.errors_90
                        end::bigint as errors
                    from totals as t
                ),

                first as (
                    select
                        c.endpoint,
                        c.requests,
                        c.errors
                    from counted as c
                    where c.requests > 0
                    order by c.requests desc, c.endpoint asc
                    limit :most
                )

                select
                    row_number() over (order by c.requests desc, c.endpoint asc) as rank,
                    c.endpoint,
                    1 as endpoints,
                    c.requests,
                    c.errors
                from first as c
                union all
                select
                    0,
                    '',
                    count(*),
                    sum(c.requests)::bigint,
                    sum(c.errors)::bigint
                from counted as c
                where c.requests > 0
                having count(*) > 0
            ) as f
        ),

        named as materialized (
            select
                l.endpoint,
                row_number() over (order by l.endpoint) as place
            from listed as l
            where l.rank > 0
            group by l.endpoint
        ),

        -- One row: one sketch key of one endpoint that is listed anywhere, or of all others (place 0), in one
        -- span; counts as floats, exact up to 2^53 and summed faster than numerics.
        keyed as (
            select
                m.span,
                m.place,
                m.key,
                sum(m.n) as n,
                min(m.us_min) as us_min,
                max(m.us_max) as us_max
            from (
                select
                    1 as span,
                    coalesce(n.place, 0) as place,
                    (h.duration_sketch).min_us as us_min,
                    (h.duration_sketch).max_us as us_max,
                    unnest((h.duration_sketch).keys) as key,
                    unnest((h.duration_sketch).counts)::double precision as n
                from rollup.api_hourly as h
                left join named as n on h.endpoint = n.endpoint
                where a.tenant_id = h.tenant_id and a.first_hour <= h.bucket_start and a.end_hour > h.bucket_start
                union all
                select
                    case when a.today - d.day <= 7 then 7 when a.today - d.day <= 30 then 30 else 90 end,
                    coalesce(n.place, 0),
                    (d.duration_sketch).min_us,
                    (d.duration_sketch).max_us,
                    unnest((d.duration_sketch).keys),
                    unnest((d.duration_sketch).counts)::double precision
                from rollup.api_daily as d
                left join named as n on d.endpoint = n.endpoint
                where a.tenant_id = d.tenant_id and a.today - a.longest <= d.day and a.today > d.day
            ) as m
            group by m.span, m.place, m.key
        ),

        -- One row: one sketch key of one line of the answer; what is listed in one period may not be in another.
        lined as (
            select
                l.period,
                l.rank,
                k.key,
                sum(k.n) as n,
                min(k.us_min) as us_min,
                max(k.us_max) as us_max
            from (
                select
                    l.period,
                    l.days,
                    l.rank,
                    n.place
                from listed as l
                inner join named as n on l.endpoint = n.endpoint
                where l.rank > 0
            ) as l
            inner join keyed as k on l.place = k.place and l.days >= k.span and (l.days = 1) = (k.span = 1)
            group by l.period, l.rank, k.key
            union all
            select
                p.period,
                0,
                k.key,
                sum(k.n),
                min(k.us_min),
                max(k.us_max)
            from unnest(a.periods, a.lengths) as p (period, days)
            inner join (
                select
                    span,
                    key,
                    sum(n) as n,
                    min(us_min) as us_min,
                    max(us_max) as us_max
                from keyed
                group by span, key
            ) as k on p.days >= k.span and (p.days = 1) = (k.span = 1)
            group by p.period, k.key
        ),

        ranked as (
            select
                period,
                rank,
                key,
                us_min,
                us_max,
                sum(n) over (partition by period, rank order by key) as up_to,
                sum(n) over (partition by period, rank) as duration_count
            from lined
        ),

        keys as (
            select
                period,
                rank,
                min(us_min) as us_min,
                max(us_max) as us_max,
                max(duration_count)::bigint as duration_count,
                min(key) filter (where up_to >= greatest(1, ceil(0.50 * duration_count))) as p50_key,
                min(key) filter (where up_to >= greatest(1, ceil(0.95 * duration_count))) as p95_key,
                min(key) filter (where up_to >= greatest(1, ceil(0.99 * duration_count))) as p99_key
            from ranked
            group by period, rank
        )

        select
            l.period,
            l.rank,
            l.endpoint,
            l.endpoints,
            l.requests,
            l.errors,
            k.us_min,
            k.us_max,
            coalesce(k.duration_count, 0) as duration_count,
            k.p50_key,
            k.p95_key,
            k.p99_key
        from listed as l
        left join keys as k on l.period = k.period and l.rank = k.rank
    ) as e
order by a.tenant_id, e.period, e.rank
