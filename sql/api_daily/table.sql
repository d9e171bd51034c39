create table if not exists rollup.api_daily (
    tenant_id @tenant_id_type not null,
    day date not null,
    endpoint text collate "C" not null,
    requests bigint not null,
    client_errors bigint not null,
    server_errors bigint not null,
    duration_ms_sum numeric,
    duration_ms_min numeric,
    duration_ms_max numeric,
    duration_count bigint not null,
    duration_sketch rollup.sketch,
    -- Tenant first: documents are read and days are merged tenant by tenant.
    primary key (tenant_id, day, endpoint)
)
partition by range (day);
-- For ranges of days of all tenants.
create index if not exists api_daily_day on rollup.api_daily using brin (day)
with (pages_per_range = 16, autosummarize = on);
comment on table rollup.api_daily is
'Requests by tenant, day (the tenant''s own) and endpoint, merged from hours; today''s row grows. '
'Complete up to pipeline.progress.data_through.';
comment on column rollup.api_daily.tenant_id is 'Tenant.';
comment on column rollup.api_daily.day is 'Calendar day in the tenant''s zone.';
comment on column rollup.api_daily.endpoint is
'Endpoint as the raw row has it, at most 300 characters; empty where it has none.';
comment on column rollup.api_daily.requests is 'Requests.';
comment on column rollup.api_daily.client_errors is 'Requests with status 400 to 499.';
comment on column rollup.api_daily.server_errors is 'Requests with status 500 to 599.';
comment on column rollup.api_daily.duration_ms_sum is
'Sum of the usable durations, ms, exact; null where there is none.';
comment on column rollup.api_daily.duration_ms_min is 'Shortest usable duration, ms.';
comment on column rollup.api_daily.duration_ms_max is 'Longest usable duration, ms.';
comment on column rollup.api_daily.duration_count is 'Requests with a usable duration.';
comment on column rollup.api_daily.duration_sketch is
'The durations as a mergeable sketch: rollup.quantile(rollup.merge(duration_sketch), 0.95).';
