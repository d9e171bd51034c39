-- Buckets that were marked one by one have been touched, whether or not anything is left in them.
insert into touched (tenant_id, bucket_start)
select
    tenant_id,
    bucket_start
from redo
where not whole and tenant_id is not null
