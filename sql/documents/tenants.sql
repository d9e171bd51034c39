-- One row: one tenant to publish.
select
    k.tenant_id,
    k.tenant_id::text as id,
    k.name,
    k.plan,
    k.timezone,
    k.zone,
    k.deleted,
    k.published_through,
    t.today,
    pipeline.day_start(t.today + 1, k.zone) as tomorrow_starts_at,
    (k.published_through at time zone k.zone)::date as published_day,
    case when k.zone is null then coalesce(z.problem, 'no usable time zone') end as problem,
    coalesce(g.generation, 1) as generation,
    -- Any row of the last two days moves a window every hour, any day of the last half year at midnight.
    exists (
        select from rollup.api_hourly as h
        where
            h.tenant_id = k.tenant_id
            and h.bucket_start >= cast(:through as timestamptz) - interval '48 hours'
            and h.bucket_start < :through
    )
    or exists (
        select from rollup.usage_hourly as u
        where
            u.tenant_id = k.tenant_id
            and u.bucket_start >= cast(:through as timestamptz) - interval '48 hours'
            and u.bucket_start < :through
    ) as has_hours,
    exists (
        select from rollup.api_daily as d
        where d.tenant_id = k.tenant_id and d.day >= t.today - 180 and d.day < t.today
    )
    or exists (
        select from rollup.usage_daily as d
        where d.tenant_id = k.tenant_id and d.day >= t.today - 180 and d.day < t.today
    ) as has_days,
    case when l.today = t.today and l.zone = k.zone then l.periods end as kept_periods
from pipeline.tenant_state as k
left join pipeline.tenant_keys as g on k.tenant_id = g.tenant_id
left join pipeline.zones as z on k.timezone = z.timezone
left join pipeline.long_periods as l on k.tenant_id = l.tenant_id
cross join lateral (select (cast(:through as timestamptz) at time zone k.zone)::date as today) as t
where k.tenant_id = any(:tenants)
