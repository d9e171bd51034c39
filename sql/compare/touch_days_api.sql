-- The tenants' days that begin in [:days_from, :end), reach past :start and hold stored hours, or stand in api_daily.
with held as (
    -- One row: one stored hour of such a day, or one stored day.
    select distinct
        h.tenant_id,
        h.bucket_start,
        null::date as day
    from rollup.api_hourly as h
    where
        h.bucket_start >= :days_from
        and h.bucket_start < cast(:end as timestamptz) + interval '26 hours'
    union all
    select distinct
        d.tenant_id,
        null::timestamptz,
        d.day
    from rollup.api_daily as d
    where
        d.day >= (cast(:days_from as timestamptz) at time zone 'UTC')::date
        and d.day <= (cast(:end as timestamptz) at time zone 'UTC')::date + 1
),

days as (
    select distinct
        h.tenant_id,
        z.zone,
        coalesce(h.day, (h.bucket_start at time zone z.zone)::date) as day
    from held as h
    left join pipeline.tenant_state as k on h.tenant_id = k.tenant_id
    cross join lateral (select case when k.tenant_id is null then :timezone else k.zone end as zone) as z
    where z.zone is not null and (cast(:tenants as text[]) is null or h.tenant_id::text = any(cast(:tenants as text[])))
)

insert into touched_days (tenant_id, zone, day, day_start, day_end)
select
    tenant_id,
    zone,
    day,
    pipeline.day_start(day, zone),
    pipeline.day_start(day + 1, zone)
from days
where
    pipeline.day_start(day, zone) >= :days_from
    and pipeline.day_start(day, zone) < :end
    and pipeline.day_start(day + 1, zone) > :start
    -- Of an earlier day not all hours are kept; see pipeline.progress.hours_from.
    and pipeline.day_start(day, zone) >= coalesce(cast(:hours_from as timestamptz) - interval '2 days', '-infinity')
    and day >= coalesce(cast(:kept_days_from as date), '-infinity')
