insert into @rollup.rejected_hourly (source, reason, bucket_start, rows)
select
    j.source,
    j.reason,
    j.bucket_start,
    sum(j.rows)::bigint as rows
from pipeline.rejected_by_tenant as j
where j.source = :source and j.bucket_start in (select r.bucket_start from recounted as r)
group by j.source, j.reason, j.bucket_start
