create or replace view rollup.cost_missing as
select
    c.item,
    c.missing as reason,
    c.currency,
    min(c.day) as first_day,
    max(c.day) as last_day,
    count(distinct c.tenant_id) as tenants,
    count(*) as lines,
    sum(c.quantity) as quantity
from rollup.cost_daily as c
where c.amount is null
group by c.item, c.missing, c.currency;
comment on view rollup.cost_missing is
'What was used and has no price or rate, so that its cost is not known. Empty when every cost is complete.';
comment on column rollup.cost_missing.item is 'What has no price or rate: a quota_type, or api_calls.';
comment on column rollup.cost_missing.reason is
'no_price, overlapping_prices, unusable_price, no_rate or ambiguous_rate; several where the hours of a day differ.';
comment on column rollup.cost_missing.currency is 'Currency whose rate is missing; null where the price is.';
comment on column rollup.cost_missing.first_day is 'First day of it, a tenant''s own.';
comment on column rollup.cost_missing.last_day is 'Last day of it.';
comment on column rollup.cost_missing.tenants is 'Tenants that used it on these days.';
comment on column rollup.cost_missing.lines is 'Lines of rollup.cost_daily.';
comment on column rollup.cost_missing.quantity is 'Units used.';
