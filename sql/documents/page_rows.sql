-- One row: one week or month of the pages that the days asked for in :tenants and :days, pairwise, belong to, as it was
-- merged last.
with asked as (
    select distinct
        a.tenant_id,
        k.zone,
        p.page,
        p.first_day,
        p.end_day
    from pipeline.pairs(:tenants, :days) as a
    inner join pipeline.tenant_state as k on a.tenant_id = k.tenant_id
    cross join lateral pipeline.page_of(:kind, a.day) as p
    where k.zone is not null
)

select
    a.tenant_id,
    a.page,
    pipeline.day_start(a.first_day, a.zone) as starts_at,
    pipeline.day_start(a.end_day, a.zone) as ends_at,
    to_char(r.first_day, 'YYYY-MM-DD') as at,
    r.days,
    r.requests,
    r.client_errors,
    r.server_errors,
    r.duration_ms_sum,
    r.duration_count,
    r.ai_tokens,
    r.us_min,
    r.us_max,
    r.p50_key,
    r.p95_key,
    r.p99_key
from asked as a
inner join pipeline.page_rows as r
    on a.tenant_id = r.tenant_id and r.kind = :kind and a.first_day <= r.first_day and a.end_day > r.first_day
order by a.tenant_id, r.first_day
