-- One row: one hour of one raw table that has marks before :through.
select
    source,
    bucket_start,
    bool_or(whole) as whole,
    count(distinct tenant_id) as tenants,
    sum(added + removed)::bigint as changes
from pipeline.marks
where bucket_start < :through and isfinite(bucket_start)
group by source, bucket_start
order by source, bucket_start
