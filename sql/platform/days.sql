-- One row: one day of the platform in [:first_day, :last_day] that has anything.
select
    p.day,
    to_char(p.day, 'YYYY-MM') as month,
    pipeline.day_start(date_trunc('month', p.day)::date, :timezone) as month_starts_at,
    pipeline.day_start((date_trunc('month', p.day) + interval '1 month')::date, :timezone) as month_ends_at,
    p.active_tenants,
    p.requests,
    p.ai_tokens,
    p.cost,
    p.unknown_costs,
    p.mrr,
    p.day in (select m.day from rollup.mrr_daily as m) as has_mrr
from rollup.platform_daily as p
where p.day >= :first_day and p.day <= :last_day
order by p.day
