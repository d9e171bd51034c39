-- Days of cost_days whose stored lines are not those that the book of the day and its usage give.
with stored as (
    -- One row: one stored line.
    select c.*
    from cost_days as d
    inner join rollup.cost_daily as c on d.tenant_id = c.tenant_id and d.day = c.day
),

compared as (
    -- One row: one line, stored, worked out or both.
    select
        coalesce(s.tenant_id, r.tenant_id) as tenant_id,
        coalesce(s.day, r.day) as day,
        s.amount as stored,
        r.amount as recomputed,
        (s.tenant_id is null) as not_stored,
        (r.tenant_id is null) as not_supported,
        (s.quantity is distinct from r.quantity) as quantity,
        ((s.unit_size, s.unit_price, s.currency) is distinct from (r.unit_size, r.unit_price, r.currency)) as price,
        ((s.fx_rate, s.fx_date, s.fx_source) is distinct from (r.fx_rate, r.fx_date, r.fx_source)) as rate,
        (s.native_amount is distinct from r.native_amount) as native_amount,
        (s.amount is distinct from r.amount) as amount,
        (s.missing is distinct from r.missing) as missing
    from stored as s
    full join right_costs as r
        on s.tenant_id = r.tenant_id and s.day = r.day and s.item = r.item and s.price_from = r.price_from
),

waiting as (
    -- One row: one day that the next tick does anew; around a change of zone a mark reaches two days farther.
    select
        m.tenant_id,
        m.day
    from pipeline.marked_costs as m
    union
    select
        m.tenant_id,
        m.day + n.days
    from pipeline.marked_costs as m
    cross join (values (-2), (-1), (1), (2)) as n (days)
    where exists (select from pipeline.cost_zones as z where z.tenant_id = m.tenant_id and isfinite(z.first_day))
)

insert into differing (rollup, tenant_id, day, names, what, stored, recomputed, waiting)
select
    'cost_daily',
    c.tenant_id,
    c.day,
    count(*) filter (where c.quantity or c.price or c.rate or c.native_amount or c.amount or c.missing),
    array_remove(array[
        case when bool_or(c.not_stored) then 'not stored' end,
        case when bool_or(c.not_supported) then 'no such line' end,
        case when bool_or(c.quantity) then 'quantity' end,
        case when bool_or(c.price) then 'price' end,
        case when bool_or(c.rate) then 'rate' end,
        case when bool_or(c.native_amount) then 'native_amount' end,
        case when bool_or(c.amount) then 'amount' end,
        case when bool_or(c.missing) then 'missing' end
    ], null),
    coalesce(sum(c.stored), 0),
    coalesce(sum(c.recomputed), 0),
    (c.tenant_id, c.day) in (
        select
            w.tenant_id,
            w.day
        from waiting as w
    )
from compared as c
group by c.tenant_id, c.day
having bool_or(c.quantity or c.price or c.rate or c.native_amount or c.amount or c.missing)
