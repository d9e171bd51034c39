-- One row: one tenant that was active in [:first_day, :last_day], or before that from :before_day on.
select
    tenant_id,
    coalesce(sum(requests) filter (where day >= :first_day), 0)::bigint as requests,
    coalesce(sum(ai_tokens) filter (where day >= :first_day), 0) as ai_tokens,
    bool_or(day >= :first_day) as is_active,
    coalesce(sum(requests) filter (where day < :first_day), 0)::bigint as requests_before,
    coalesce(sum(ai_tokens) filter (where day < :first_day), 0) as ai_tokens_before,
    bool_or(day < :first_day) as was_active
from pipeline.activity_daily
where day >= :before_day and day <= :last_day
group by tenant_id
