-- One row: one tenant, of all or of those asked for: its MRR at the end of :last_day, and the sum of what it was at the
-- end of each day of [:first_day, :last_day].
select
    tenant_id,
    sum(amount) as mrr,
    sum(amount * (cast(:last_day as date) - greatest(day, cast(:first_day as date)) + 1)) as mrr_days
from rollup.mrr_movements
where day <= :last_day and (:whole or tenant_id = any(:tenants))
group by tenant_id
