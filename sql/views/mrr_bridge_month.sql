create or replace view rollup.mrr_bridge_month as
-- One row: the first and the last day that MRR is known of; of nothing, none.
with known as (
    select
        min(d.day) as first_day,
        max(d.day) as last_day
    from (
        select day from rollup.mrr_daily
        union all
        select day from rollup.mrr_movements
    ) as d
),

-- One row: one month between them.
months as (
    select s.month::date as month
    from known as k
    cross join lateral generate_series(
        date_trunc('month', k.first_day::timestamp),
        date_trunc('month', k.last_day::timestamp),
        interval '1 month'
    ) as s (month)
),

-- One row: one month with movements.
moved as (
    select
        date_trunc('month', v.day::timestamp)::date as month,
        sum(v.amount) filter (where v.movement = 'new') as new,
        sum(v.amount) filter (where v.movement = 'expansion') as expansion,
        sum(v.amount) filter (where v.movement = 'contraction') as contraction,
        sum(v.amount) filter (where v.movement = 'churn') as churn,
        sum(v.amount) filter (where v.movement = 'reactivation') as reactivation,
        sum(v.amount) filter (where v.movement = 'fx_impact') as fx_impact,
        sum(v.amount) as amount
    from rollup.mrr_movements as v
    group by date_trunc('month', v.day::timestamp)::date
),

-- One row: one month, as of its last day so far.
ended as (
    select distinct on (date_trunc('month', d.day::timestamp))
        date_trunc('month', d.day::timestamp)::date as month,
        sum(d.unpriced) as unpriced
    from rollup.mrr_daily as d
    group by d.day
    order by date_trunc('month', d.day::timestamp), d.day desc
)

select
    m.month,
    coalesce(sum(v.amount) over earlier, 0) as opening,
    coalesce(v.new, 0) as new,
    coalesce(v.expansion, 0) as expansion,
    coalesce(v.contraction, 0) as contraction,
    coalesce(v.churn, 0) as churn,
    coalesce(v.reactivation, 0) as reactivation,
    coalesce(v.fx_impact, 0) as fx_impact,
    coalesce(sum(v.amount) over so_far, 0) as closing,
    coalesce(e.unpriced, 0)::bigint as unpriced,
    (select p.definition from pipeline.mrr_progress as p) as definition
from months as m
left join moved as v on m.month = v.month
left join ended as e on m.month = e.month
window
    earlier as (order by m.month rows between unbounded preceding and 1 preceding),
    so_far as (order by m.month rows between unbounded preceding and current row);
comment on view rollup.mrr_bridge_month is
'How MRR moved by month (the platform''s days), in its currency: opening + the six movements = closing; this month '
'grows.';
comment on column rollup.mrr_bridge_month.month is 'First day of the month.';
comment on column rollup.mrr_bridge_month.opening is 'MRR at the end of the month before, exact.';
comment on column rollup.mrr_bridge_month.new is 'From tenants that never paid before.';
comment on column rollup.mrr_bridge_month.expansion is 'More from tenants that paid already.';
comment on column rollup.mrr_bridge_month.contraction is 'Less from tenants that still pay; negative.';
comment on column rollup.mrr_bridge_month.churn is 'Lost with tenants that pay nothing any more; negative.';
comment on column rollup.mrr_bridge_month.reactivation is 'From tenants that had stopped paying.';
comment on column rollup.mrr_bridge_month.fx_impact is 'What exchange rates did.';
comment on column rollup.mrr_bridge_month.closing is 'MRR at the end of the month, or so far.';
comment on column rollup.mrr_bridge_month.unpriced is
'Subscriptions on the last day so far whose amount or rate is not known: closing does not hold them.';
comment on column rollup.mrr_bridge_month.definition is
'By which definition MRR is worked out, on all days: default-1, chartmogul-1.';
