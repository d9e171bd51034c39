insert into right_costs
select
    l.tenant_id,
    l.day,
    l.item,
    l.price_from,
    l.quantity,
    l.unit_size,
    l.unit_price,
    l.currency,
    l.native_amount,
    l.fx_rate,
    l.fx_date,
    l.fx_source,
    l.amount,
    l.missing
from (
    select
        array_agg(d.tenant_id) as tenants,
        array_agg(d.day) as days,
        array_agg(d.starts_at) as starts,
        array_agg(d.ends_at) as ends,
        array_agg(d.book) as books,
        array_agg(d.by_hours) as by_hours
    from cost_days as d
) as s
cross join lateral pipeline.cost_lines(s.tenants, s.days, s.starts, s.ends, s.books, s.by_hours) as l
