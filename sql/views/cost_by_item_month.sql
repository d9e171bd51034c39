create or replace view rollup.cost_by_item_month as
select
    c.item,
    date_trunc('month', c.day::timestamp)::date as month,
    count(distinct c.tenant_id) as tenants,
    sum(c.quantity) as quantity,
    sum(c.quantity) filter (where c.amount is null) as unknown_quantity,
    sum(c.amount) as cost
from rollup.cost_daily as c
group by c.item, date_trunc('month', c.day::timestamp)::date;
comment on view rollup.cost_by_item_month is
'What was used and what it cost by item and month, all tenants, in the platform''s currency.';
comment on column rollup.cost_by_item_month.item is 'What is priced: a quota_type, or api_calls.';
comment on column rollup.cost_by_item_month.month is 'First day of the month; days are the tenants'' own.';
comment on column rollup.cost_by_item_month.tenants is 'Tenants that used it.';
comment on column rollup.cost_by_item_month.quantity is 'Units used.';
comment on column rollup.cost_by_item_month.unknown_quantity is
'Units whose price or rate is not known, which cost does not hold; null where there are none.';
comment on column rollup.cost_by_item_month.cost is
'Sum of the known amounts, exact, not rounded; null where none is known.';
