-- Marks the days whose costs differ.
insert into pipeline.marked_costs (tenant_id, day)
select
    d.tenant_id,
    d.day
from differing as d
where d.rollup = 'cost_daily' and not d.waiting
