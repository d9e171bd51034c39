create or replace view rollup.mrr_by_plan_month as
-- One row: one month that MRR is known of, and its last day so far.
with ended as (
    select
        date_trunc('month', d.day::timestamp)::date as month,
        max(d.day) as last_day
    from rollup.mrr_daily as d
    group by date_trunc('month', d.day::timestamp)::date
)

select
    e.month,
    d.plan,
    d.tenants,
    d.subscriptions,
    d.mrr,
    d.unpriced,
    (select p.definition from pipeline.mrr_progress as p) as definition
from ended as e
inner join rollup.mrr_daily as d on e.last_day = d.day;
comment on view rollup.mrr_by_plan_month is
'MRR by plan at the end of each month (the platform''s days), in its currency; of this month, so far.';
comment on column rollup.mrr_by_plan_month.month is 'First day of the month.';
comment on column rollup.mrr_by_plan_month.plan is 'Plan of the subscription, as it was then.';
comment on column rollup.mrr_by_plan_month.tenants is 'Tenants with a subscription that counts.';
comment on column rollup.mrr_by_plan_month.subscriptions is 'Subscriptions that count.';
comment on column rollup.mrr_by_plan_month.mrr is
'Sum over subscriptions whose amount and rate are known, exact; null where none is, 0 where none counts any more.';
comment on column rollup.mrr_by_plan_month.unpriced is
'Subscriptions that count whose amount or rate is not known: mrr does not hold them.';
comment on column rollup.mrr_by_plan_month.definition is
'By which definition MRR is worked out, on all days: default-1, chartmogul-1.';
