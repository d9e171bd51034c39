-- Marks the next days for the workspace of cost_daily; gives how many.
with next_days as (
    select
        tenant_id,
        day
    from asked_days
    order by day, tenant_id
    limit :most
),

taken as (
    delete from asked_days as a
    using next_days as s
    where a.tenant_id = s.tenant_id and a.day = s.day
)

insert into pipeline.marked_costs (tenant_id, day)
select
    tenant_id,
    day
from next_days
