-- One row: of pages of kind daily one day that is over, else all such days of one week or month together; with data,
-- of the tenants' spans asked for in :tenants and :days (their first days), pairwise. A :span is a week or a month. A
-- month before those whose days are kept has none, and a week or month of which any day is no longer kept is not
-- merged.
with asked as (
    select
        a.tenant_id,
        a.day as first_day,
        (a.day + ('1 ' || cast(:span as text))::interval)::date as end_day,
        k.zone,
        (cast(:through as timestamptz) at time zone k.zone)::date as today
    from pipeline.pairs(:tenants, :days) as a
    inner join pipeline.tenant_state as k on a.tenant_id = k.tenant_id
    cross join pipeline.progress as p
    where
        k.zone is not null
        and a.day >= coalesce(
            case when :kind = 'daily' then date_trunc('month', p.days_from) else p.days_from end, '-infinity'
        )
),

measured as (
    select
        a.tenant_id,
        a.zone,
        least(a.end_day, a.today) - a.first_day as days,
        case when :kind = 'daily' then d.day else a.first_day end as at,
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
            and a.first_day <= d.day
            and a.end_day > d.day
            and a.today > d.day
    union all
    select
        a.tenant_id,
        a.zone,
        least(a.end_day, a.today) - a.first_day as days,
        case when :kind = 'daily' then u.day else a.first_day end as at,
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
            and a.first_day <= u.day
            and a.end_day > u.day
            and a.today > u.day
    where starts_with(u.quota_type, 'ai_tokens_')
),

totals as (
    select
        tenant_id,
        zone,
        days,
        at,
        coalesce(sum(requests), 0)::bigint as requests,
        coalesce(sum(client_errors), 0)::bigint as client_errors,
        coalesce(sum(server_errors), 0)::bigint as server_errors,
        coalesce(sum(duration_ms_sum), 0) as duration_ms_sum,
        coalesce(sum(duration_count), 0)::bigint as duration_count,
        coalesce(sum(ai_tokens), 0) as ai_tokens,
        min((duration_sketch).min_us) as us_min,
        max((duration_sketch).max_us) as us_max
    from measured
    group by tenant_id, zone, days, at
),

-- One row: one sketch key of one line of the answer; counts as floats, exact up to 2^53 and summed faster than
-- numerics.
keyed as (
    select
        tenant_id,
        at,
        key,
        sum(n) as n
    from (
        select
            tenant_id,
            at,
            unnest((duration_sketch).keys) as key,
            unnest((duration_sketch).counts)::double precision as n
        from measured
    ) as m
    group by tenant_id, at, key
),

ranked as (
    select
        tenant_id,
        at,
        key,
        sum(n) over (partition by tenant_id, at order by key) as up_to,
        sum(n) over (partition by tenant_id, at) as duration_count
    from keyed
),

keys as (
    select
        tenant_id,
        at,
        min(key) filter (where up_to >= greatest(1, ceil(0.50 * duration_count))) as p50_key,
        min(key) filter (where up_to >= greatest(1, ceil(0.95 * duration_count))) as p95_key,
        min(key) filter (where up_to >= greatest(1, ceil(0.99 * duration_count))) as p99_key
    from ranked
    group by tenant_id, at
)

select
    t.tenant_id,
    p.page,
    pipeline.day_start(p.first_day, t.zone) as starts_at,
    pipeline.day_start(p.end_day, t.zone) as ends_at,
    to_char(t.at, 'YYYY-MM-DD') as at,
    t.days,
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
cross join lateral pipeline.page_of(:kind, t.at) as p
left join keys as k on t.tenant_id = k.tenant_id and t.at = k.at
order by t.tenant_id, t.at
