delete from rollup.api_daily as d
using touched_days as t
where
    d.tenant_id = t.tenant_id
    and d.day = t.day
    -- Keeps the work off all other days, however the planner joins.
    and d.day >= (select min(b.day) from touched_days as b)
    and d.day <= (select max(b.day) from touched_days as b)
