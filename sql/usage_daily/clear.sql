delete from rollup.usage_daily as d
using touched_days as t
where d.tenant_id = t.tenant_id and d.day = t.day
