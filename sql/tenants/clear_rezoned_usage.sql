-- The days of the old zone that no hour of the new one falls on go as well.
delete from rollup.usage_daily as d
using changed as c, pipeline.progress as p
where
    c.rezoned
    and d.tenant_id = c.tenant_id
    and d.day >= coalesce((p.hours_from at time zone 'UTC')::date, '-infinity')
