-- One row: one plan on one day in [:first_day, :last_day].
select
    day,
    plan,
    tenants,
    subscriptions,
    mrr,
    unpriced
from rollup.mrr_daily
where day >= :first_day and day <= :last_day
order by day, plan
