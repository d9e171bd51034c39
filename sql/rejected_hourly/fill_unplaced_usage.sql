-- Counts the rows without an hour of the tenants to redo.
insert into @pipeline.rejected_by_tenant (source, bucket_start, tenant_id, reason, rows)
select
    'usage_records',
    '-infinity',
    u.tenant_id,
    'created_at_unusable',
    count(*)
from pipeline.unplaced_usage_records() as u
where exists (select from redo as r where r.whole or r.tenant_id is not distinct from u.tenant_id)
group by u.tenant_id
