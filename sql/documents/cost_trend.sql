-- One row: what one of the last 90 days cost, by how many days it lies before today; null where nothing of it is known.
select
    w.tenant_id,
    w.today - c.day as place,
    sum(c.amount) as amount
from pipeline.windows(:through, :tenants, array['90d']) as w
inner join rollup.cost_daily as c
    on w.tenant_id = c.tenant_id and w.today - w.days <= c.day and w.today > c.day
group by w.tenant_id, place
