-- One row: one tenant whose last publish failed though its zone can be used, and how many there are.
select
    tenant_id::text as tenant,
    failure,
    published_through,
    count(*) over () as tenants
from pipeline.tenant_state
where failure is not null and (zone is not null or deleted)
order by published_through nulls first, tenant_id
limit 5
