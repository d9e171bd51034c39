-- What cannot be priced since :first_day. One row: one item and reason, the most days first; before them, with item
-- null, all together.
select
    c.item,
    c.missing as reason,
    count(distinct c.tenant_id) as tenants,
    count(distinct c.day) as days,
    min(c.day) as first_day,
    max(c.day) as last_day,
    count(*) over () - 1 as items
from rollup.cost_daily as c
where
    c.amount is null
    and c.day in (select p.day from rollup.platform_daily as p where p.day >= :first_day and p.unknown_costs > 0)
group by grouping sets ((), (c.item, c.missing))
order by grouping(c.item) desc, days desc, tenants desc, c.item asc, reason asc
limit cast(:most as int) + 1
