-- Ids and names to look for close matches in.
select
    tenant_id::text as id,
    name
from pipeline.source_tenants
order by tenant_id
limit 10000
