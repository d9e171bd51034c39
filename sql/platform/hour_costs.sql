-- One row: one tenant: what is known of the cost of the hours in [:start, :end).
select
    l.tenant_id,
    sum(l.amount) as cost,
    count(*) filter (where l.amount is null) as unknown_costs
from (
    select
        array_agg(p.tenant_id) as tenants,
        array_agg(p.day) as days,
        array_agg(p.starts_at) as starts,
        array_agg(p.ends_at) as ends,
        array_agg(p.book) as books
    from pipeline.cost_spans(:tenants, :start, :end, :open_time) as p
) as s
cross join lateral pipeline.cost_lines(s.tenants, s.days, s.starts, s.ends, s.books, null) as l
group by l.tenant_id
