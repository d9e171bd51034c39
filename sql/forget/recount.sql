-- The hours whose sums of rejected rows are made anew, and what has none.
insert into recounted (bucket_start)
select r.bucket_start
from redo as r
union
select j.bucket_start
from pipeline.rejected_by_tenant as j
where j.source = :source and j.tenant_id = :tenant
union
select timestamptz '-infinity'
