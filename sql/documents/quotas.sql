-- One row: one of the first :most quotas of one tenant, how many it has, its period, how much is used in it up to
-- :through, and the pace: how much was used in the hours before `paced_from`.
with known as (
    select
        q.tenant_id,
        q.quota_type,
        q.period,
        q.limit_amount,
        k.zone,
        t.today,
        p.first_day,
        p.next_day,
        pipeline.day_start(t.today, k.zone) as today_starts_at,
        count(*) over (partition by q.tenant_id) as quotas,
        row_number() over (partition by q.tenant_id order by q.quota_type, q.period) as place
    from pipeline.tenant_state as k
    inner join pipeline.tenant_quotas as q on k.tenant_id = q.tenant_id
    cross join lateral (select (cast(:through as timestamptz) at time zone k.zone)::date as today) as t
    cross join lateral pipeline.quota_period(t.today, q.period, q.anchor_day) as p
    where k.tenant_id = any(:tenants) and k.zone is not null
),

-- One row: one kind of usage that a tenant has a quota of.
wanted as (
    select distinct
        tenant_id,
        quota_type,
        today,
        today_starts_at
    from known
    where place <= :most
),

-- One row: one whole day of it; no period and no pace reaches back farther than 31 days.
days as (
    select
        w.tenant_id,
        w.quota_type,
        d.day,
        sum(d.requests) as amount
    from wanted as w
    inner join rollup.api_daily as d
        on
            w.tenant_id = d.tenant_id
            and w.today - 31 <= d.day
            and w.today > d.day
            -- Told as values, only their partitions are read.
            and d.day >= (cast(:through as timestamptz) at time zone 'UTC')::date - 33
            and d.day <= (cast(:through as timestamptz) at time zone 'UTC')::date + 2
    where w.quota_type = 'api_calls'
    group by w.tenant_id, w.quota_type, d.day
    union all
    select
        w.tenant_id,
        w.quota_type,
        d.day,
        d.amount
    from wanted as w
    inner join rollup.usage_daily as d
        on
            w.tenant_id = d.tenant_id
            and w.quota_type = d.quota_type
            and w.today - 31 <= d.day
            and w.today > d.day
            and d.day >= (cast(:through as timestamptz) at time zone 'UTC')::date - 33
            and d.day <= (cast(:through as timestamptz) at time zone 'UTC')::date + 2
    where w.quota_type <> 'api_calls'
),

-- One row: one hour of it, today's or one of the last 24; no day has more than 27.
hours as (
    select
        w.tenant_id,
        w.quota_type,
        h.bucket_start,
        h.requests::numeric as amount
    from wanted as w
    inner join rollup.api_hourly as h
        on
            w.tenant_id = h.tenant_id
            and least(w.today_starts_at, :through - interval '24 hours') <= h.bucket_start
            and h.bucket_start >= :through - interval '27 hours'
            and h.bucket_start < :through
    where w.quota_type = 'api_calls'
    union all
    select
        w.tenant_id,
        w.quota_type,
        h.bucket_start,
        h.amount
    from wanted as w
    inner join rollup.usage_hourly as h
        on
            w.tenant_id = h.tenant_id
            and w.quota_type = h.quota_type
            and least(w.today_starts_at, :through - interval '24 hours') <= h.bucket_start
            and h.bucket_start >= :through - interval '27 hours'
            and h.bucket_start < :through
    where w.quota_type <> 'api_calls'
),

by_day as (
    select
        k.tenant_id,
        k.quota_type,
        k.period,
        sum(d.amount) filter (where d.day >= k.first_day) as used,
        sum(d.amount) filter (where d.day >= k.today - 7) as in_week,
        sum(d.amount) filter (where d.day >= k.today - 14 and d.day < k.today - 7) as in_week_before,
        min(d.day) filter (where d.day >= k.today - 7 and d.amount > 0) as first_in_week
    from known as k
    inner join days as d on k.tenant_id = d.tenant_id and k.quota_type = d.quota_type
    group by k.tenant_id, k.quota_type, k.period
),

by_hour as (
    select
        w.tenant_id,
        w.quota_type,
        sum(h.amount) filter (where h.bucket_start >= w.today_starts_at) as today,
        sum(h.amount) filter (where h.bucket_start >= :through - interval '24 hours') as in_day,
        max(h.bucket_start) filter (where h.bucket_start >= w.today_starts_at and h.amount > 0) as last_today
    from wanted as w
    inner join hours as h on w.tenant_id = h.tenant_id and w.quota_type = h.quota_type
    group by w.tenant_id, w.quota_type
)

select
    k.tenant_id,
    k.quotas,
    k.quota_type,
    k.period,
    k.limit_amount,
    coalesce(d.used, 0) + coalesce(h.today, 0) as used,
    pipeline.day_start(k.first_day, k.zone) as starts_at,
    pipeline.day_start(k.next_day, k.zone) as resets_at,
    case when k.period = 'day' then coalesce(h.in_day, 0) else coalesce(d.in_week, 0) end as pace,
    case
        when k.period = 'day' then 24
        -- Who has only begun is not held to a week; who uses something once a week is.
        else extract(
            epoch from k.today_starts_at
            - pipeline.day_start(case when d.in_week_before > 0 then k.today - 7 else d.first_in_week end, k.zone)
        )::int / 3600
    end as pace_hours,
    -- Not :through: the files of a silent tenant would change every hour.
    coalesce(h.last_today + interval '1 hour', k.today_starts_at) as paced_from
from known as k
left join by_day as d on k.tenant_id = d.tenant_id and k.quota_type = d.quota_type and k.period = d.period
left join by_hour as h on k.tenant_id = h.tenant_id and k.quota_type = h.quota_type
where k.place <= :most
order by k.tenant_id, k.place
