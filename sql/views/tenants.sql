create or replace view rollup.tenants as
select
    s.tenant_id,
    s.name,
    s.plan,
    s.timezone,
    s.deleted
from pipeline.tenant_state as s;
comment on view rollup.tenants is
'Tenants as their rows said at the last tick, to join names and plans to the rollups.';
comment on column rollup.tenants.tenant_id is 'Tenant.';
comment on column rollup.tenants.name is 'Name.';
comment on column rollup.tenants.plan is 'Plan, now: the rollups do not say which one it was then.';
comment on column rollup.tenants.timezone is 'Zone that it asks for; the platform''s where it names none.';
comment on column rollup.tenants.deleted is 'Deleted by the SaaS; its rollups stay until it is forgotten.';
