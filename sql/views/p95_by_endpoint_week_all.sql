create or replace view rollup.p95_by_endpoint_week_all as
-- One row: one ISO week and endpoint.
with merged as (
    select
        rollup.iso_week(a.day) as week,
        a.endpoint,
        count(distinct a.tenant_id) as tenants,
        sum(a.requests)::bigint as requests,
        sum(a.client_errors + a.server_errors)::bigint as errors,
        sum(a.duration_count)::bigint as duration_count,
        rollup.merge(a.duration_sketch) as duration_sketch
    from rollup.api_daily as a
    group by rollup.iso_week(a.day), a.endpoint
)

select
    m.week,
    m.endpoint,
    m.tenants,
    m.requests,
    m.errors,
    m.duration_count,
    rollup.quantile(m.duration_sketch, 0.5) as p50_ms,
    rollup.quantile(m.duration_sketch, 0.95) as p95_ms,
    rollup.quantile(m.duration_sketch, 0.99) as p99_ms
from merged as m;
comment on view rollup.p95_by_endpoint_week_all is
'Response times by ISO week and endpoint over all tenants, merged from their days, not averaged; this week grows.';
comment on column rollup.p95_by_endpoint_week_all.week is 'ISO week, as 2022-W52; days are the tenants'' own.';
comment on column rollup.p95_by_endpoint_week_all.endpoint is 'Endpoint.';
comment on column rollup.p95_by_endpoint_week_all.tenants is 'Tenants that called it.';
comment on column rollup.p95_by_endpoint_week_all.requests is 'Requests.';
comment on column rollup.p95_by_endpoint_week_all.errors is 'Requests with status 400 to 599.';
comment on column rollup.p95_by_endpoint_week_all.duration_count is
'Requests with a usable duration; the others are in no percentile.';
comment on column rollup.p95_by_endpoint_week_all.p50_ms is 'Median, ms, within 1 %; null where no duration is usable.';
comment on column rollup.p95_by_endpoint_week_all.p95_ms is '95th percentile, ms, within 1 %.';
comment on column rollup.p95_by_endpoint_week_all.p99_ms is '99th percentile, ms, within 1 %.';
