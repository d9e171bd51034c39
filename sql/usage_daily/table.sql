create table if not exists rollup.usage_daily (
    tenant_id @tenant_id_type not null,
    day date not null,
    quota_type text collate "C" not null,
    amount numeric not null,
    records bigint not null,
    -- Tenant first: documents are read and days are merged tenant by tenant.
    primary key (tenant_id, day, quota_type)
)
partition by range (day);
-- For ranges of days of all tenants.
create index if not exists usage_daily_day on rollup.usage_daily using brin (day)
with (pages_per_range = 16, autosummarize = on);
comment on table rollup.usage_daily is
'Usage by tenant, day (the tenant''s own) and kind, merged from hours; today''s row grows. '
'Complete up to pipeline.progress.data_through.';
comment on column rollup.usage_daily.tenant_id is 'Tenant.';
comment on column rollup.usage_daily.day is 'Calendar day in the tenant''s zone.';
comment on column rollup.usage_daily.quota_type is 'Kind of usage; ai_tokens_<model> is AI usage.';
comment on column rollup.usage_daily.amount is 'Sum of the amounts, exact.';
comment on column rollup.usage_daily.records is 'Usage records.';
