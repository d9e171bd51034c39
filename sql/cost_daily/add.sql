with added as (
    insert into rollup.cost_daily
    select r.*
    from right_costs as r
    where
        not exists (
            select from rollup.cost_daily as c
            where
                c.tenant_id = r.tenant_id and c.day = r.day and c.item = r.item and c.price_from = r.price_from
        )
    returning
        tenant_id,
        day
)

insert into changed_costs (tenant_id, day)
select
    tenant_id,
    day
from added
