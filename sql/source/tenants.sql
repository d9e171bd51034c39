create or replace view pipeline.source_tenants as
select
    t.@id as tenant_id,
    t.@name::text as name,
    t.@plan::text as plan,
    @timezone as timezone,
    @deleted_at is not null as deleted
from @tenants as t;
comment on view pipeline.source_tenants is 'The tenants of the SaaS under the names of the contract.';
