-- Of hours that are left alone, nothing that was recomputed counts.
with gone_api as (
    delete from pg_temp.api_hourly as n
    where n.bucket_start not in (select r.bucket_start from redo as r)
    returning 1
),

gone_usage as (
    delete from pg_temp.usage_hourly as n
    where n.bucket_start not in (select r.bucket_start from redo as r)
    returning 1
)

delete from pg_temp.rejected_by_tenant as n
where n.bucket_start not in (select r.bucket_start from redo as r)
