-- The days that were rolled up before the first book, of which no tick has marked the costs. At the very first tick
-- there are none: what it rolls up, it marks.
with days as (
    select
        tenant_id,
        day
    from rollup.api_daily
    union
    select
        tenant_id,
        day
    from rollup.usage_daily
    union
    select
        tenant_id,
        day
    from rollup.cost_daily
)

insert into pipeline.marked_costs (tenant_id, day)
select
    d.tenant_id,
    d.day
from days as d
cross join pipeline.progress as g
where
    g.data_through is not null
    and (select count(*) from pipeline.books) = 1
    and d.tenant_id not in (select s.tenant_id from pipeline.stand_ins as s)
