-- One row: one folder, by its key, in which a tenant, or given :ids one of those, has files, be they superseded.
select distinct
    f.tenant_id,
    split_part(f.path, '/', 3) as key
from pipeline.files as f
inner join pipeline.tenant_state as k on f.tenant_id = k.tenant_id
where cast(:ids as text[]) is null or k.tenant_id::text = any(:ids)
