create table if not exists pipeline.activity_daily (
    day date not null,
    tenant_id @tenant_id_type not null,
    requests bigint not null,
    ai_tokens numeric not null,
    records bigint not null,
    primary key (day, tenant_id)
);
comment on table pipeline.activity_daily is
'Who was active on a day of the platform, and how much: what rollup.platform_daily and the ranks of tenants are made '
'of. Of all tenants, also those in other zones, by the platform''s day. Kept when retention drops the hours.';
comment on column pipeline.activity_daily.day is 'Calendar day in the platform''s zone.';
comment on column pipeline.activity_daily.tenant_id is 'Tenant with at least one request or usage record.';
comment on column pipeline.activity_daily.requests is 'Requests.';
comment on column pipeline.activity_daily.ai_tokens is 'AI tokens.';
comment on column pipeline.activity_daily.records is 'Usage records of any kind.';

create table if not exists pipeline.marked_activity (
    tenant_id @tenant_id_type not null,
    day date not null
);
comment on table pipeline.marked_activity is
'Tenants and days of the platform whose hours have changed. Appended only; deleted by the tick that sums them anew.';
comment on column pipeline.marked_activity.tenant_id is 'Tenant.';
comment on column pipeline.marked_activity.day is 'Calendar day in the platform''s zone.';
