create table if not exists rollup.api_hourly (
    tenant_id @tenant_id_type not null,
    bucket_start timestamptz not null,
    endpoint text collate "C" not null,
    requests bigint not null,
    client_errors bigint not null,
    server_errors bigint not null,
    duration_ms_sum numeric,
    duration_ms_min numeric,
    duration_ms_max numeric,
    duration_count bigint not null,
    duration_sketch rollup.sketch,
    -- Tenant first: documents are read tenant by tenant, and late buckets are redone one by one.
    primary key (tenant_id, bucket_start, endpoint)
)
partition by range (bucket_start);
-- For whole hours: what a fresh hour replaces, and the platform's totals.
create index if not exists api_hourly_bucket_start on rollup.api_hourly using brin (bucket_start)
with (pages_per_range = 16, autosummarize = on);
comment on table rollup.api_hourly is
'Requests by tenant, hour (UTC) and endpoint. Complete up to pipeline.progress.data_through.';
comment on column rollup.api_hourly.tenant_id is 'Tenant.';
comment on column rollup.api_hourly.bucket_start is 'Start of the hour, UTC.';
comment on column rollup.api_hourly.endpoint is
'Endpoint as the raw row has it, at most 300 characters; empty where it has none.';
comment on column rollup.api_hourly.requests is 'Requests.';
comment on column rollup.api_hourly.client_errors is 'Requests with status 400 to 499.';
comment on column rollup.api_hourly.server_errors is 'Requests with status 500 to 599.';
comment on column rollup.api_hourly.duration_ms_sum is
'Sum of the usable durations, ms, exact; null where there is none.';
comment on column rollup.api_hourly.duration_ms_min is 'Shortest usable duration, ms.';
comment on column rollup.api_hourly.duration_ms_max is 'Longest usable duration, ms.';
comment on column rollup.api_hourly.duration_count is 'Requests with a usable duration.';
comment on column rollup.api_hourly.duration_sketch is
'The durations as a mergeable sketch: rollup.quantile(rollup.merge(duration_sketch), 0.95).';
