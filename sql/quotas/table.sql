create table if not exists pipeline.tenant_quotas (
    tenant_id @tenant_id_type not null,
    quota_type text collate "C" not null,
    period text collate "C" not null check (period in ('day', 'month')),
    limit_amount numeric,
    anchor_day int not null,
    primary key (tenant_id, quota_type, period)
);
comment on table pipeline.tenant_quotas is
'The quotas that can be used, as the last tick saw them: files are made of these, so that they change with a tick.';
comment on column pipeline.tenant_quotas.tenant_id is 'Tenant.';
comment on column pipeline.tenant_quotas.quota_type is 'Kind of usage; api_calls are requests.';
comment on column pipeline.tenant_quotas.period is 'day or month, in the tenant''s zone.';
comment on column pipeline.tenant_quotas.limit_amount is 'How much may be used in a period; null: unlimited.';
comment on column pipeline.tenant_quotas.anchor_day is
'Day of the month on which a month''s period begins, 1 to 31; a shorter month begins it on its last day.';
