insert into recounted (bucket_start)
select distinct m.bucket_start
from misplaced as m
where m.rollup in ('rejected_by_tenant', 'rejected_hourly')
