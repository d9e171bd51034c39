-- One row: how a rotation of the secret stands: tenants that are kept up under the previous one's keys too, files that
-- are left under the keys of earlier ones, and tenants that have files nowhere else.
select
    count(distinct f.tenant_id) filter (where f.superseded_at is null) as kept_up,
    count(*) filter (where f.superseded_at is not null) as files_left,
    count(distinct f.tenant_id) filter (where n.tenant_id is null) as not_moved
from pipeline.files as f
left join pipeline.files as n
    on f.tenant_id = n.tenant_id and n.kind = 'dashboard' and n.superseded_at is null and not n.is_former
where f.is_former
