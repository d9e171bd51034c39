create table if not exists pipeline.files (
    tenant_id @tenant_id_type not null,
    path text not null,
    kind text not null,
    page text not null,
    content_hash text not null,
    bytes int not null,
    page_from timestamptz,
    page_to timestamptz,
    seq bigint not null,
    superseded_at timestamptz,
    is_former boolean not null default false,
    shortened text,
    version text,
    primary key (tenant_id, path)
);
create unique index if not exists files_current on pipeline.files (tenant_id, kind, page, is_former)
where superseded_at is null;
create index if not exists files_superseded on pipeline.files (superseded_at) where superseded_at is not null;
comment on table pipeline.files is
'Every file in the store: current ones, and superseded ones until they are collected.';
comment on column pipeline.files.tenant_id is 'Tenant.';
comment on column pipeline.files.path is 'Path under the store''s root.';
comment on column pipeline.files.kind is 'dashboard, hourly, daily, weekly, monthly, endpoints, models, costs.';
comment on column pipeline.files.page is
'Page within its kind: a day, a month, a year, a month and a number, a period and ranks; empty for the dashboard.';
comment on column pipeline.files.content_hash is
'SHA-256 of the content without its stamps: equal means nothing to write.';
comment on column pipeline.files.bytes is 'Size, gzip.';
comment on column pipeline.files.page_from is 'Start of what the page covers.';
comment on column pipeline.files.page_to is 'End of what the page covers.';
comment on column pipeline.files.seq is 'seq of the publish that wrote it.';
comment on column pipeline.files.superseded_at is
'When another version took its place; null: current. -infinity: to be collected by the next run.';
comment on column pipeline.files.is_former is
'Under the keys of an earlier secret; current while that is named as the previous one.';
comment on column pipeline.files.shortened is
'How many entries lists of a dashboard show at most, where the byte budget leaves fewer than usual; null: as usual.';
comment on column pipeline.files.version is
'What the store calls the content of a dashboard that is up: a write takes the place of just this; null: not known.';

create table if not exists pipeline.tenant_keys (
    tenant_id @tenant_id_type primary key,
    generation int not null
);
comment on table pipeline.tenant_keys is 'Generation of a tenant''s address, where it is not the first.';
comment on column pipeline.tenant_keys.tenant_id is 'Tenant.';
comment on column pipeline.tenant_keys.generation is 'Counts up when an address is replaced.';

create table if not exists pipeline.long_periods (
    tenant_id @tenant_id_type primary key,
    today date not null,
    zone text,
    periods text not null
);
comment on table pipeline.long_periods is
'The dashboard''s periods of whole days, as JSON: they change at the tenant''s midnight or when one of their days '
'does, so that an hourly publish reads only the last hours.';
comment on column pipeline.long_periods.tenant_id is 'Tenant.';
comment on column pipeline.long_periods.today is 'The tenant''s day on which they hold.';
comment on column pipeline.long_periods.zone is 'The zone whose days they are.';
comment on column pipeline.long_periods.periods is 'JSON object by period.';

create table if not exists pipeline.page_rows (
    tenant_id @tenant_id_type not null,
    kind text not null,
    first_day date not null,
    days int not null,
    requests bigint not null,
    client_errors bigint not null,
    server_errors bigint not null,
    duration_ms_sum numeric not null,
    duration_count bigint not null,
    ai_tokens numeric not null,
    us_min bigint,
    us_max bigint,
    p50_key int,
    p95_key int,
    p99_key int,
    primary key (tenant_id, kind, first_day)
);
comment on table pipeline.page_rows is
'The weeks and months of the weekly and monthly pages, merged from days: a page of a year is shaped from these, and '
'only the weeks and months of changed days are merged again.';
comment on column pipeline.page_rows.tenant_id is 'Tenant.';
comment on column pipeline.page_rows.kind is 'weekly, monthly.';
comment on column pipeline.page_rows.first_day is 'First day of the week (Monday) or month, in the tenant''s zone.';
comment on column pipeline.page_rows.days is 'How many of its days are over.';
comment on column pipeline.page_rows.requests is 'Requests.';
comment on column pipeline.page_rows.client_errors is 'Requests with a status of 4xx.';
comment on column pipeline.page_rows.server_errors is 'Requests with a status of 5xx.';
comment on column pipeline.page_rows.duration_ms_sum is 'Sum of the durations that can be used, in ms.';
comment on column pipeline.page_rows.duration_count is 'How many these are.';
comment on column pipeline.page_rows.ai_tokens is 'AI tokens.';
comment on column pipeline.page_rows.us_min is 'Shortest duration, in microseconds.';
comment on column pipeline.page_rows.us_max is 'Longest duration, in microseconds.';
comment on column pipeline.page_rows.p50_key is 'Sketch key of the 50th percentile of the merged sketches.';
comment on column pipeline.page_rows.p95_key is 'Sketch key of the 95th percentile.';
comment on column pipeline.page_rows.p99_key is 'Sketch key of the 99th percentile.';
