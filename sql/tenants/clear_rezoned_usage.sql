-- The days of the old zone that no hour of the new one falls on go as well.
delete from rollup.usage_daily as d
using changed as c
where c.rezoned and d.tenant_id = c.tenant_id
