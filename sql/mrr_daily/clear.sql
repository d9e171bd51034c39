-- Rows that are not as they should be go; of what stays, nothing is written again.
with gone as (
    delete from rollup.mrr_daily as m
    where
        m.day >= cast(:first_day as date)
        and not exists (
            select from right_mrr_daily as r
            where
                r.day = m.day
                and r.plan = m.plan
                and (r.tenants, r.subscriptions, r.mrr, r.unpriced)
                is not distinct from (m.tenants, m.subscriptions, m.mrr, m.unpriced)
        )
    returning m.day
)

insert into mrr_changed_days (day)
select distinct day from gone
