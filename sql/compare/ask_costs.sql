-- The days of costs to compare: those that have lines, or usage, and around a change of zone their neighbours.
create temp table asked_costs on commit drop as
with used as (
    select
        tenant_id,
        day
    from rollup.cost_daily
    where day >= cast(:first_day as date) and day < cast(:end_day as date)
    union
    select
        tenant_id,
        day
    from rollup.api_daily
    where day >= cast(:first_day as date) and day < cast(:end_day as date)
    union
    select
        tenant_id,
        day
    from rollup.usage_daily
    where day >= cast(:first_day as date) and day < cast(:end_day as date)
)

select
    tenant_id,
    day
from used
union
select
    u.tenant_id,
    u.day + n.days
from used as u
cross join (values (-2), (-1), (1), (2)) as n (days)
where exists (select from pipeline.cost_zones as z where z.tenant_id = u.tenant_id and isfinite(z.first_day))
