-- One row: one line of a closed day's cost, of the tenants' months asked for in :tenants and :months (first days),
-- pairwise; numbers are written out, without zeros at their end. A month before those whose days are kept has none.
with asked as (
    select
        a.tenant_id,
        a.day as month,
        k.zone,
        (cast(:through as timestamptz) at time zone k.zone)::date as today
    from pipeline.pairs(:tenants, :months) as a
    inner join pipeline.tenant_state as k on a.tenant_id = k.tenant_id
    cross join pipeline.progress as p
    where k.zone is not null and a.day >= coalesce(date_trunc('month', p.days_from), '-infinity')
),

-- One row: one day of a month; where it begins is reckoned once, not for each of its lines.
days as (
    select
        a.tenant_id,
        a.month,
        d.day,
        pipeline.day_start(d.day, a.zone) as starts_at,
        pipeline.day_start(d.day + 1, a.zone) as ends_at
    from asked as a
    cross join generate_series(0, 30) as n (later)
    cross join lateral (select a.month + n.later as day) as d
    where d.day < a.today and d.day < a.month + interval '1 month'
)

select
    d.tenant_id,
    to_char(d.month, 'YYYY-MM') as page,
    d.starts_at,
    d.ends_at,
    to_char(c.day, 'YYYY-MM-DD') as day,
    c.item,
    case
        when isfinite(c.price_from) then to_char(c.price_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    end as price_from,
    trim_scale(c.quantity)::text as quantity,
    trim_scale(c.unit_size)::text as unit_size,
    trim_scale(c.unit_price)::text as unit_price,
    c.currency,
    trim_scale(c.native_amount)::text as native_amount,
    trim_scale(c.fx_rate)::text as fx_rate,
    to_char(c.fx_date, 'YYYY-MM-DD') as fx_date,
    c.fx_source,
    trim_scale(c.amount)::text as amount,
    c.missing
from days as d
inner join rollup.cost_daily as c on d.tenant_id = c.tenant_id and d.day = c.day
order by d.tenant_id, c.day, c.item, c.price_from
