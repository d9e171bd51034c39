-- One row: the lines of one item in the 24 hours up to :through, or in the 24 before them, that have an amount, or have
-- none for one reason: the same as costs_days, from hours.
with spans as (
    -- One row: the part of a tenant's cost day that lies in one of the two.
    select
        row_number() over () as place,
        s.tenant_id,
        s.day,
        s.starts_at,
        s.ends_at,
        s.book,
        r.is_before
    from (
        values (:through - interval '48 hours', :through - interval '24 hours', true),
        (:through - interval '24 hours', :through, false)
    ) as r (from_time, to_time, is_before)
    cross join pipeline.cost_spans(:tenants, r.from_time, r.to_time, :open_for) as s
),

-- One row: all spans, as lists.
listed as (
    select
        array_agg(tenant_id order by place) as tenant_ids,
        array_agg(day order by place) as days,
        array_agg(starts_at order by place) as starts,
        array_agg(ends_at order by place) as ends,
        array_agg(book order by place) as books,
        array_agg(true) as by_hours
    from spans
)

select
    s.tenant_id,
    '24h' as period,
    s.is_before,
    c.item,
    c.missing,
    count(*) as lines,
    sum(c.quantity) as quantity,
    case when min(c.currency) = max(c.currency) then min(c.currency) end as currency,
    sum(c.native_amount) as native_amount,
    sum(c.amount) as amount,
    min(c.day) as first_day,
    max(c.day) as last_day
from listed as l
cross join pipeline.cost_lines(l.tenant_ids, l.days, l.starts, l.ends, l.books, l.by_hours) as c
inner join spans as s on c.place = s.place
group by s.tenant_id, s.is_before, c.item, c.missing
