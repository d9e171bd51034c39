-- Percentiles of a week are those of its merged sketches; the sketch is given too, since percentiles cannot be merged.
create or replace view rollup.p95_by_endpoint_week as
-- One row: one tenant, ISO week and endpoint.
with merged as (
    select
        a.tenant_id,
        rollup.iso_week(a.day) as week,
        a.endpoint,
        sum(a.requests)::bigint as requests,
        sum(a.client_errors + a.server_errors)::bigint as errors,
        sum(a.duration_count)::bigint as duration_count,
        rollup.merge(a.duration_sketch) as duration_sketch
    from rollup.api_daily as a
    group by a.tenant_id, rollup.iso_week(a.day), a.endpoint
)

select
    m.tenant_id,
    m.week,
    m.endpoint,
    m.requests,
    m.errors,
    m.duration_count,
    rollup.quantile(m.duration_sketch, 0.5) as p50_ms,
    rollup.quantile(m.duration_sketch, 0.95) as p95_ms,
    rollup.quantile(m.duration_sketch, 0.99) as p99_ms,
    m.duration_sketch
from merged as m;
comment on view rollup.p95_by_endpoint_week is
'Response times by tenant, ISO week of its own days and endpoint, merged from days, not averaged; this week grows. '
'For all tenants together: rollup.p95_by_endpoint_week_all.';
comment on column rollup.p95_by_endpoint_week.tenant_id is 'Tenant.';
comment on column rollup.p95_by_endpoint_week.week is 'ISO week, as 2022-W52.';
comment on column rollup.p95_by_endpoint_week.endpoint is 'Endpoint.';
comment on column rollup.p95_by_endpoint_week.requests is 'Requests.';
comment on column rollup.p95_by_endpoint_week.errors is 'Requests with status 400 to 599.';
comment on column rollup.p95_by_endpoint_week.duration_count is
'Requests with a usable duration; the others are in no percentile.';
comment on column rollup.p95_by_endpoint_week.p50_ms is 'Median, ms, within 1 %; null where no duration is usable.';
comment on column rollup.p95_by_endpoint_week.p95_ms is '95th percentile, ms, within 1 %.';
comment on column rollup.p95_by_endpoint_week.p99_ms is '99th percentile, ms, within 1 %.';
comment on column rollup.p95_by_endpoint_week.duration_sketch is
'The durations as a mergeable sketch, for percentiles over several of these rows.';
