-- The numbers over time that trends and totals are made of. `place` counts back from the end: hours before :through
-- (1 to 48), days before today (1 to 180), and quarters of a day over the last 7 days (0, the oldest, to 27).
-- Days and quarters are read only with :long, which asks for more than the last 24 hours.
with tenants as (
    select
        tenant_id,
        zone,
        today,
        :long as is_long,
        least(
            :through - interval '48 hours', case when :long then pipeline.day_start(today - 7, zone) end
        ) as since
    from pipeline.windows(:through, :tenants, array['24h'])
),

-- One row: one endpoint's or usage kind's part of one point.
parts as (
    select
        h.tenant_id,
        h.bucket_start,
        h.requests,
        h.client_errors,
        h.server_errors,
        h.duration_ms_sum,
        h.duration_count,
        null::numeric as ai_tokens
    from tenants as t
    inner join rollup.api_hourly as h
        on
            t.tenant_id = h.tenant_id
            and t.since <= h.bucket_start
            and :through > h.bucket_start
            -- No zone's week reaches farther back; told as a value, only its partitions are read.
            and h.bucket_start >= :through - case when :long then interval '9 days' else interval '48 hours' end
    union all
    select
        u.tenant_id,
        u.bucket_start,
        null,
        null,
        null,
        null,
        null,
        u.amount
    from tenants as t
    inner join rollup.usage_hourly as u
        on
            t.tenant_id = u.tenant_id
            and t.since <= u.bucket_start
            and :through > u.bucket_start
            and u.bucket_start >= :through - case when :long then interval '9 days' else interval '48 hours' end
    where starts_with(u.quota_type, 'ai_tokens_')
),

-- One row: one hour of one tenant.
hours as (
    select
        tenant_id,
        bucket_start,
        sum(requests) as requests,
        sum(client_errors) as client_errors,
        sum(server_errors) as server_errors,
        sum(duration_ms_sum) as duration_ms_sum,
        sum(duration_count) as duration_count,
        sum(ai_tokens) as ai_tokens
    from parts
    group by tenant_id, bucket_start
),

points as (
    select
        tenant_id,
        'hour' as grain,
        (extract(epoch from :through - bucket_start) / 3600)::int as place,
        requests,
        client_errors,
        server_errors,
        duration_ms_sum,
        duration_count,
        ai_tokens
    from hours
    where bucket_start >= :through - interval '48 hours'
    union all
    select
        h.tenant_id,
        '6h',
        (l.at::date - (t.today - 7)) * 4 + extract(hour from l.at)::int / 6,
        h.requests,
        h.client_errors,
        h.server_errors,
        h.duration_ms_sum,
        h.duration_count,
        h.ai_tokens
    from hours as h
    inner join tenants as t on h.tenant_id = t.tenant_id
    cross join lateral (select h.bucket_start at time zone t.zone as at) as l
    where t.is_long and l.at < t.today and l.at >= t.today - 7
    union all
    select
        d.tenant_id,
        'day',
        t.today - d.day,
        d.requests,
        d.client_errors,
        d.server_errors,
        d.duration_ms_sum,
        d.duration_count,
        null
    from tenants as t
    inner join rollup.api_daily as d on t.tenant_id = d.tenant_id and t.today - 180 <= d.day and t.today > d.day
    where t.is_long
    union all
    select
        u.tenant_id,
        'day',
        t.today - u.day,
        null,
        null,
        null,
        null,
        null,
        u.amount
    from tenants as t
    inner join rollup.usage_daily as u on t.tenant_id = u.tenant_id and t.today - 180 <= u.day and t.today > u.day
    where t.is_long and starts_with(u.quota_type, 'ai_tokens_')
)

select
    tenant_id,
    grain,
    place,
    coalesce(sum(requests), 0)::bigint as requests,
    coalesce(sum(client_errors), 0)::bigint as client_errors,
    coalesce(sum(server_errors), 0)::bigint as server_errors,
    coalesce(sum(duration_ms_sum), 0) as duration_ms_sum,
    coalesce(sum(duration_count), 0)::bigint as duration_count,
    coalesce(sum(ai_tokens), 0) as ai_tokens
from points
group by tenant_id, grain, place
