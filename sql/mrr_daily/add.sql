with added as (
    insert into rollup.mrr_daily (day, plan, tenants, subscriptions, mrr, unpriced)
    select
        r.day,
        r.plan,
        r.tenants,
        r.subscriptions,
        r.mrr,
        r.unpriced
    from right_mrr_daily as r
    on conflict (day, plan) do nothing
    returning day
)

insert into mrr_changed_days (day)
select distinct day from added
