delete from pipeline.cost_zones as z
using rezoned as r
where z.tenant_id = r.tenant_id and z.first_day >= :first_day and z.first_day <= :end_day
