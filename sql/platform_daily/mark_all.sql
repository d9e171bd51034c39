insert into pipeline.marked_platform_days (day)
select day
from rollup.cost_daily
union
select day
from rollup.mrr_daily
union
select day
from rollup.platform_daily
