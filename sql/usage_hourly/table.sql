create table if not exists rollup.usage_hourly (
    tenant_id @tenant_id_type not null,
    bucket_start timestamptz not null,
    quota_type text collate "C" not null,
    amount numeric not null,
    records bigint not null,
    -- Tenant first: documents are read tenant by tenant, and late buckets are redone one by one.
    primary key (tenant_id, bucket_start, quota_type)
)
partition by range (bucket_start);
-- For whole hours: what a fresh hour replaces, and the platform's totals.
create index if not exists usage_hourly_bucket_start on rollup.usage_hourly using brin (bucket_start)
with (pages_per_range = 16, autosummarize = on);
comment on table rollup.usage_hourly is
'Usage by tenant, hour (UTC) and kind. Complete up to pipeline.progress.data_through.';
comment on column rollup.usage_hourly.tenant_id is 'Tenant.';
comment on column rollup.usage_hourly.bucket_start is 'Start of the hour, UTC.';
comment on column rollup.usage_hourly.quota_type is 'Kind of usage; ai_tokens_<model> is AI usage.';
comment on column rollup.usage_hourly.amount is 'Sum of the amounts, exact.';
comment on column rollup.usage_hourly.records is 'Usage records.';
