create or replace view rollup.cost_by_tenant_month as
select
    c.tenant_id,
    date_trunc('month', c.day::timestamp)::date as month,
    sum(c.amount) as cost,
    count(*) as lines,
    count(*) filter (where c.amount is null) as unknown_lines
from rollup.cost_daily as c
group by c.tenant_id, date_trunc('month', c.day::timestamp)::date;
comment on view rollup.cost_by_tenant_month is
'Cost by tenant and month of its own days, in the platform''s currency; this month grows. '
'Only complete where unknown_lines is 0.';
comment on column rollup.cost_by_tenant_month.tenant_id is 'Tenant.';
comment on column rollup.cost_by_tenant_month.month is 'First day of the month.';
comment on column rollup.cost_by_tenant_month.cost is
'Sum of the known amounts, exact, not rounded; null where none is known.';
comment on column rollup.cost_by_tenant_month.lines is 'Lines of rollup.cost_daily.';
comment on column rollup.cost_by_tenant_month.unknown_lines is
'Lines without an amount, which cost does not hold; rollup.cost_missing says why.';
