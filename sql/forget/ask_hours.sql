-- The hours of a tenant of one raw table: those that are stored and those whose marks wait.
insert into redo (whole, tenant_id, bucket_start)
select
    false,
    h.tenant_id,
    h.bucket_start
from (
    select
        a.tenant_id,
        a.bucket_start
    from rollup.api_hourly as a
    where :source = 'api_requests' and a.tenant_id = :tenant
    union
    select
        u.tenant_id,
        u.bucket_start
    from rollup.usage_hourly as u
    where :source = 'usage_records' and u.tenant_id = :tenant
    union
    select
        j.tenant_id,
        j.bucket_start
    from pipeline.rejected_by_tenant as j
    where j.source = :source and j.tenant_id = :tenant
    union
    select
        m.tenant_id,
        m.bucket_start
    from pipeline.marks as m
    where m.source = :source and m.tenant_id = :tenant
) as h
where h.bucket_start = pipeline.bucket_of(h.bucket_start) and isfinite(h.bucket_start)
