-- One row: at which address a tenant is, whether its row is there, and whether the id is none but a stand-in.
select
    coalesce((select g.generation from pipeline.tenant_keys as g where g.tenant_id = :tenant), 1) as generation,
    (select count(*) from pipeline.read_tenants() as t where t.tenant_id = :tenant) > 0 as in_tenants,
    (select count(*) from pipeline.stand_ins as s where s.tenant_id = :tenant) > 0 as is_stand_in,
    (select count(*) from pipeline.files as f where f.tenant_id = :tenant) as files
