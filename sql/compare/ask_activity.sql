-- Every tenant's day of the platform that has hours, or is stored; days that have lost
-- hours to retention are left out, and those of forgotten tenants, which have none.
with asked as (
    select
        h.tenant_id,
        (h.bucket_start at time zone :timezone)::date as day
    from rollup.api_hourly as h
    where pipeline.has_hour(h.bucket_start)
    union
    select
        h.tenant_id,
        (h.bucket_start at time zone :timezone)::date
    from rollup.usage_hourly as h
    where pipeline.has_hour(h.bucket_start)
    union
    select
        a.tenant_id,
        a.day
    from pipeline.activity_daily as a
),

-- One row: one day, told once: to find its hours takes longer than to count them for a tenant.
days as (
    select
        d.day,
        pipeline.day_start(d.day, :timezone) as day_start,
        pipeline.day_start(d.day + 1, :timezone) as day_end
    from (select distinct day from asked) as d
    where d.day >= cast(:first_day as date) and d.day < cast(:end_day as date)
)

insert into touched_activity (tenant_id, day, day_start, day_end)
select
    a.tenant_id,
    a.day,
    d.day_start,
    d.day_end
from asked as a
inner join days as d on a.day = d.day
cross join pipeline.progress as g
where
    (g.hours_from is null or d.day_start >= g.hours_from)
    and a.tenant_id not in (select s.tenant_id from pipeline.stand_ins as s)
