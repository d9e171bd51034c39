insert into price_differences (tenant_id, item, day, amount_before, amount_after, unknown_before, unknown_after)
select
    coalesce(b.tenant_id, a.tenant_id),
    coalesce(b.item, a.item),
    coalesce(b.day, a.day),
    -- Nothing where there is no line; null where there are lines, and none of them is known.
    case when b.item is null then 0 else b.amount end,
    case when a.item is null then 0 else a.amount end,
    coalesce(b.unknown, 0),
    coalesce(a.unknown, 0)
from (
    select
        c.tenant_id,
        c.item,
        c.day,
        sum(c.amount) as amount,
        count(*) filter (where c.amount is null) as unknown
    from rollup.cost_daily as c
    inner join cost_days as d on c.tenant_id = d.tenant_id and c.day = d.day
    group by c.tenant_id, c.item, c.day
) as b
full join (
    select
        r.tenant_id,
        r.item,
        r.day,
        sum(r.amount) as amount,
        count(*) filter (where r.amount is null) as unknown
    from right_costs as r
    group by r.tenant_id, r.item, r.day
) as a on b.tenant_id = a.tenant_id and b.item = a.item and b.day = a.day
where (b.amount, b.unknown) is distinct from (a.amount, a.unknown)
