-- The open days with lines that a change of the price book can reach. A day closes for good once rollups stand past it.
insert into pipeline.marked_costs (tenant_id, day)
select distinct
    c.tenant_id,
    c.day
from rollup.cost_daily as c
cross join pipeline.progress as g
where
    (
        g.data_through is null
        or c.day >= ((g.data_through - cast(:open_time as interval)) at time zone 'UTC')::date - 2
    )
    and c.tenant_id not in (select s.tenant_id from pipeline.stand_ins as s)
    and (
        c.item in (select p.item from changed_prices as p)
        or exists (select from changed_rates as r where r.base = c.currency and r.rate_date <= c.day)
    )
