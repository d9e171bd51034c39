-- The hours of [:before_at, :end), where what lies before :start is the period before. One row: one tenant, or, with
-- tenant_id null, one hour of all.
with parts as (
    -- One row: one tenant's hour, of requests or of usage.
    select
        h.tenant_id,
        h.bucket_start,
        sum(h.requests) as requests,
        0::numeric as ai_tokens
    from rollup.api_hourly as h
    where h.bucket_start >= :before_at and h.bucket_start < :end
    group by h.tenant_id, h.bucket_start
    union all
    select
        h.tenant_id,
        h.bucket_start,
        0,
        coalesce(sum(h.amount) filter (where starts_with(h.quota_type, 'ai_tokens_')), 0)
    from rollup.usage_hourly as h
    where h.bucket_start >= :before_at and h.bucket_start < :end
    group by h.tenant_id, h.bucket_start
)

select
    tenant_id,
    bucket_start,
    coalesce(sum(requests) filter (where bucket_start >= :start), 0)::bigint as requests,
    coalesce(sum(ai_tokens) filter (where bucket_start >= :start), 0) as ai_tokens,
    bool_or(bucket_start >= :start) as is_active,
    coalesce(sum(requests) filter (where bucket_start < :start), 0)::bigint as requests_before,
    coalesce(sum(ai_tokens) filter (where bucket_start < :start), 0) as ai_tokens_before,
    bool_or(bucket_start < :start) as was_active,
    count(distinct tenant_id) as active_tenants
from parts
group by grouping sets ((tenant_id), (bucket_start))
