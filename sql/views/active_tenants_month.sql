create or replace view rollup.active_tenants_month as
-- One row: one tenant in one month with at least one request or usage record.
with active as (
    select
        a.tenant_id,
        date_trunc('month', a.day::timestamp)::date as month
    from rollup.api_daily as a
    union
    select
        u.tenant_id,
        date_trunc('month', u.day::timestamp)::date as month
    from rollup.usage_daily as u
),

-- One row: the same, with the months of the tenant before and after it.
placed as (
    select
        a.month,
        lag(a.month) over of_tenant as month_before
    from active as a
    window of_tenant as (partition by a.tenant_id order by a.month)
)

select
    p.month,
    count(*) as active_tenants,
    count(*) filter (where p.month_before is null) as first_time,
    count(*) filter (where p.month_before < p.month - interval '1 month') as back_again
from placed as p
group by p.month;
comment on view rollup.active_tenants_month is
'Tenants with at least one request or usage record in a month of their own days; this month grows.';
comment on column rollup.active_tenants_month.month is 'First day of the month.';
comment on column rollup.active_tenants_month.active_tenants is 'Tenants that were active.';
comment on column rollup.active_tenants_month.first_time is
'Of these, those that never were before, as far as days are kept.';
comment on column rollup.active_tenants_month.back_again is
'Of these, those that were before, but not in the month before.';
