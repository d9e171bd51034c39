-- One row: one tenant, of all or of those asked for: what is known of the cost of its days in [:first_day, :last_day].
select
    tenant_id,
    sum(amount) as cost,
    count(*) filter (where amount is null) as unknown_costs
from rollup.cost_daily
where day >= :first_day and day <= :last_day and (:whole or tenant_id = any(:tenants))
group by tenant_id
