-- A function's body holds no dependency: the SaaS can go on altering and replacing its own table.
create or replace function pipeline.read_tenants()
returns table (
    tenant_id @tenant_id_type,
    name text,
    plan text,
    timezone text,
    deleted boolean
)
language sql stable parallel safe
as $tenantcast$
select
    t.@id,
    t.@name::text,
    t.@plan::text,
    @timezone,
    @deleted_at is not null
from @tenants as t
$tenantcast$;
comment on function pipeline.read_tenants is 'The one reading of the tenants of the SaaS.';

create or replace view pipeline.source_tenants as
select
    tenant_id,
    name,
    plan,
    timezone,
    deleted
from pipeline.read_tenants()
where not exists (select from pipeline.forgotten) or pipeline.is_remembered(tenant_id::text);
comment on view pipeline.source_tenants is
'The tenants of the SaaS under the names of the contract, without those that were forgotten.';
