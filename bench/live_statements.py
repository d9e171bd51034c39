"""The queries behind a dashboard that is computed from raw rows, one a section."""

# All that the queries on requests read, in the order in which they look for it.
INDEXES = """
create index on api_requests (tenant_id, created_at) include (endpoint, status_code, duration_ms);
create index on usage_records (tenant_id, created_at) include (quota_type, amount);
"""

TIMES = """
select
    count(*) as requests,
    count(*) filter (where status_code between 400 and 499) as client_errors,
    count(*) filter (where status_code between 500 and 599) as server_errors,
    count(duration_ms) as timed,
    round(avg(duration_ms)::numeric, 2)::float8 as avg_ms,
    percentile_cont(array[0.5, 0.95, 0.99]) within group (order by duration_ms) as quantiles
from api_requests
where tenant_id = %(tenant)s and created_at >= %(start)s and created_at < %(end)s
"""

BEFORE = """
select
    count(*) as requests,
    count(*) filter (where status_code between 400 and 599) as errors,
    round(avg(duration_ms)::numeric, 2)::float8 as avg_ms,
    (
        select coalesce(sum(amount), 0) from usage_records
        where tenant_id = %(tenant)s and created_at >= %(before)s and created_at < %(start)s
        and quota_type like 'ai\\_tokens\\_%%'
    ) as tokens
from api_requests
where tenant_id = %(tenant)s and created_at >= %(before)s and created_at < %(start)s
"""

TREND = """
select
    floor(extract(epoch from created_at - %(start)s) / extract(epoch from %(step)s::interval))::int as point,
    count(*) as requests,
    count(*) filter (where status_code between 400 and 599) as errors,
    round(avg(duration_ms)::numeric, 2)::float8 as avg_ms
from api_requests
where tenant_id = %(tenant)s and created_at >= %(start)s and created_at < %(end)s
group by 1
"""

ENDPOINTS = """
select
    endpoint,
    count(*) as requests,
    count(*) filter (where status_code between 400 and 599) as errors,
    percentile_cont(0.95) within group (order by duration_ms) as p95_ms
from api_requests
where tenant_id = %(tenant)s and created_at >= %(start)s and created_at < %(end)s
group by endpoint
order by requests desc, endpoint
limit 10
"""

TOKENS = """
select
    floor(extract(epoch from created_at - %(start)s) / extract(epoch from %(step)s::interval))::int as point,
    sum(amount) as amount
from usage_records
where tenant_id = %(tenant)s and created_at >= %(start)s and created_at < %(end)s
and quota_type like 'ai\\_tokens\\_%%'
group by 1
"""

MODELS = """
select
    substr(quota_type, length('ai_tokens_') + 1) as model,
    sum(amount) as tokens,
    count(*) as requests
from usage_records
where tenant_id = %(tenant)s and created_at >= %(start)s and created_at < %(end)s
and quota_type like 'ai\\_tokens\\_%%'
group by quota_type
order by tokens desc, model
limit 10
"""
