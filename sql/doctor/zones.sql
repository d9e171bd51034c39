-- One row: one zone that cannot be used, and the tenants that ask for it.
select
    k.timezone,
    z.problem,
    count(*) as tenants,
    (array_agg(k.tenant_id::text order by k.tenant_id))[1:5] as examples
from pipeline.tenant_state as k
left join pipeline.zones as z on k.timezone = z.timezone
where k.zone is null and not k.deleted
group by k.timezone, z.problem
order by count(*) desc, k.timezone
