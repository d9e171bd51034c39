-- One row: one item of which the cost of the last thirty days is not wholly known, and why; none where no prices are
-- kept at all.
select
    c.item,
    c.missing,
    min(c.day) as first_day,
    max(c.day) as last_day,
    count(*) as lines,
    count(distinct c.tenant_id) as tenants,
    min(c.currency) as currency
from rollup.cost_daily as c
where
    c.missing is not null
    and c.day >= cast(:week as date) - 23
    and exists (select from pipeline.book_prices as p where p.book_to is null)
group by c.item, c.missing
order by count(*) desc, c.item asc, c.missing asc
limit 20
