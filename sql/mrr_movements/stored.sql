-- The stored movements of the scope: the latest days of all tenants, more days of some.
insert into stored_mrr_movements (day, tenant_id, movement, amount)
select
    m.day,
    m.tenant_id,
    m.movement,
    m.amount
from rollup.mrr_movements as m
where m.day >= cast(:day_from as date)
union
select
    m.day,
    m.tenant_id,
    m.movement,
    m.amount
from mrr_redo as r
inner join rollup.mrr_movements as m on r.tenant_id = m.tenant_id and r.day_from <= m.day
