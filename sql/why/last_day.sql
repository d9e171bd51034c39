-- One row: what came in the 24 hours before :through.
select
    count(distinct endpoint) as endpoints,
    coalesce(sum(requests), 0)::bigint as requests
from rollup.api_hourly
where
    tenant_id = :tenant
    and bucket_start >= cast(:through as timestamptz) - interval '24 hours'
    and bucket_start < :through
