insert into right_activity
select
    t.day,
    t.tenant_id,
    coalesce(a.requests, 0)::bigint,
    coalesce(u.ai_tokens, 0),
    coalesce(u.records, 0)::bigint
from touched_activity as t
inner join lateral (
    select sum(h.requests) as requests
    from rollup.api_hourly as h
    where
        h.tenant_id = t.tenant_id
        and h.bucket_start >= t.day_start
        and h.bucket_start < t.day_end
        and h.bucket_start < :through
) as a on true
inner join lateral (
    select
        sum(h.amount) filter (where starts_with(h.quota_type, 'ai_tokens_')) as ai_tokens,
        sum(h.records) as records
    from rollup.usage_hourly as h
    where
        h.tenant_id = t.tenant_id
        and h.bucket_start >= t.day_start
        and h.bucket_start < t.day_end
        and h.bucket_start < :through
) as u on true
where a.requests is not null or u.records is not null
