-- One row: the lines of one item in one period of whole days, or in the one before it, that have an amount, or have
-- none for one reason. `currency` is null where native
-- amounts are in more than one.
select
    w.tenant_id,
    w.period,
    c.day < w.today - w.days as is_before,
    c.item,
    c.missing,
    count(*) as lines,
    sum(c.quantity) as quantity,
    case when min(c.currency) = max(c.currency) then min(c.currency) end as currency,
    sum(c.native_amount) as native_amount,
    sum(c.amount) as amount,
    min(c.day) as first_day,
    max(c.day) as last_day
from pipeline.windows(:through, :tenants, :periods) as w
inner join rollup.cost_daily as c
    on w.tenant_id = c.tenant_id and w.today - 2 * w.days <= c.day and w.today > c.day
group by w.tenant_id, w.period, is_before, c.item, c.missing
