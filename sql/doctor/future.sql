-- One row: one raw table with rows dated more than a day after :now; their marks wait until then.
select
    source,
    count(*) as marks,
    count(distinct tenant_id) as tenants,
    min(tenant_id::text) as tenant,
    min(bucket_start) as first_hour,
    max(bucket_start) as last_hour
from pipeline.marks
where bucket_start > cast(:now as timestamptz) + interval '1 day' and isfinite(bucket_start)
group by source
order by source
