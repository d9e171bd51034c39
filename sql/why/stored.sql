-- One row: from when to when a raw table's rollups hold rows of a tenant; nulls where they hold none.
select
    'api_requests' as source,
    (
        select h.bucket_start from rollup.api_hourly as h
        where h.tenant_id = :tenant
        order by h.bucket_start
        limit 1
    ) as first_hour,
    (
        select h.bucket_start from rollup.api_hourly as h
        where h.tenant_id = :tenant
        order by h.bucket_start desc
        limit 1
    ) as last_hour
union all
select
    'usage_records',
    (
        select h.bucket_start from rollup.usage_hourly as h
        where h.tenant_id = :tenant
        order by h.bucket_start
        limit 1
    ),
    (
        select h.bucket_start from rollup.usage_hourly as h
        where h.tenant_id = :tenant
        order by h.bucket_start desc
        limit 1
    )
