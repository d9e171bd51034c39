-- How many tenants bring anything at the end of :day.
select count(*) as tenants
from (
    select m.tenant_id
    from rollup.mrr_movements as m
    where m.day <= :day
    group by m.tenant_id
    having sum(m.amount) > 0
) as p
