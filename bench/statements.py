"""What the pipeline is measured against: the floor, and what a user would do instead."""

TABLES = """
create table api_requests (
    id bigint generated always as identity primary key,
    tenant_id text, endpoint text, status_code int, duration_ms double precision, created_at timestamptz not null
);
create table tenants (id text primary key, name text, plan text, created_at timestamptz default now());
create schema bench;
create table bench.exact_hourly (
    tenant_id text not null, bucket_start timestamptz not null, endpoint text collate "C" not null,
    requests bigint not null, client_errors bigint not null, server_errors bigint not null,
    duration_ms_sum numeric, duration_ms_min numeric, duration_ms_max numeric, duration_count bigint not null,
    p50 double precision, p95 double precision, p99 double precision,
    primary key (tenant_id, bucket_start, endpoint)
) partition by range (bucket_start);
create table bench.exact_hourly_2026_01 partition of bench.exact_hourly
for values from ('2026-01-01 00:00+00') to ('2026-02-01 00:00+00');
create table bench.exact_hourly_2026_02 partition of bench.exact_hourly
for values from ('2026-02-01 00:00+00') to ('2026-03-01 00:00+00');
create index on bench.exact_hourly using brin (bucket_start) with (pages_per_range = 16);
"""

# Tenants by Zipf, endpoints skewed, log-normal durations with whole microseconds, rows in time order.
ROWS = """
insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
select
    'tenant-' || floor(power(%(tenants)s, random()))::int,
    '/v1/endpoint-' || floor(12 * power(random(), 2))::int,
    case when random() < 0.03 then 429 when random() < 0.005 then 503 else 200 end,
    round(exp(4 + 1.2 * (random() + random() + random() + random() - 2))::numeric, 3),
    %(start)s::timestamptz + (i + random()) * (%(end)s::timestamptz - %(start)s::timestamptz) / %(rows)s
from generate_series(0, %(rows)s - 1) as i
"""

# Four rows of each tenant, spread over 25 days that end three days before the end.
FEW_EACH = """
insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
select
    'tenant-' || t, '/v1/endpoint-' || t %% 7, 200, round((5 + 95 * random())::numeric, 3),
    %(end)s::timestamptz - interval '3 days' - (i + random()) * interval '6.25 days'
from generate_series(1, %(tenants)s) as t, generate_series(0, 3) as i
"""

SCAN = """
select count(*), max(duration_ms), max(status_code), max(length(endpoint)), max(length(tenant_id))
from api_requests where created_at >= %(start)s and created_at < %(end)s
"""

EXACT = """
insert into bench.exact_hourly
select
    tenant_id, date_trunc('hour', created_at, 'UTC'), endpoint, count(*),
    count(*) filter (where status_code between 400 and 499), count(*) filter (where status_code between 500 and 599),
    sum(duration_ms)::numeric, min(duration_ms)::numeric, max(duration_ms)::numeric, count(duration_ms),
    percentile_cont(0.5) within group (order by duration_ms),
    percentile_cont(0.95) within group (order by duration_ms),
    percentile_cont(0.99) within group (order by duration_ms)
from api_requests where created_at >= %(start)s and created_at < %(end)s
group by 1, 2, 3
"""

# One row on each of the last days, of a tenant whose size is between the largest and the smallest.
LATE = """
insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
select 'tenant-40', '/v1/endpoint-1', 200, 12.5 + %(turn)s,
    %(end)s::timestamptz - d * interval '1 day' + interval '10 hours 10 minutes'
from generate_series(1, %(days)s) as d
"""

MARK_DAYS = """
insert into pipeline.marks (source, whole, bucket_start, added)
select 'api_requests', true, date_trunc('hour', created_at, 'UTC'), count(*)
from api_requests
where created_at >= %(end)s::timestamptz - %(days)s * interval '1 day' and created_at < %(end)s
group by 3
"""
