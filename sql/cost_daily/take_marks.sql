-- Takes the marks of the first :most days. Around a change of zone, what changes a day of the one zone changes days of
-- the other.
with asked as (
    select distinct
        tenant_id,
        day
    from pipeline.marked_costs
    order by day, tenant_id
    limit :most
),

taken as (
    delete from pipeline.marked_costs as m
    using asked as a
    where m.tenant_id = a.tenant_id and m.day = a.day
),

wanted as (
    select
        tenant_id,
        day
    from asked
    union
    select
        a.tenant_id,
        a.day + n.days
    from asked as a
    cross join (values (-2), (-1), (1), (2)) as n (days)
    where exists (select from pipeline.cost_zones as z where z.tenant_id = a.tenant_id and isfinite(z.first_day))
),

listed as (
    select
        array_agg(tenant_id) as tenants,
        array_agg(day) as days
    from wanted
)

insert into cost_days (tenant_id, day, starts_at, ends_at, book, by_hours)
select
    d.tenant_id,
    d.day,
    d.starts_at,
    d.ends_at,
    d.book,
    d.by_hours
from listed as l
cross join lateral pipeline.judged_cost_days(l.tenants, l.days, cast(:open_time as interval)) as d
