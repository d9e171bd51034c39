create table if not exists rollup.rejected_hourly (
    source text not null,
    reason text not null,
    bucket_start timestamptz not null,
    rows bigint not null,
    primary key (source, bucket_start, reason)
);
comment on table rollup.rejected_hourly is
'Raw rows with something that cannot be used, by reason. A request with an unusable duration or status still counts '
'as a request; a usage record without a usable amount or kind, and any row without a tenant, counts nowhere else.';
comment on column rollup.rejected_hourly.source is 'Raw table: api_requests or usage_records.';
comment on column rollup.rejected_hourly.reason is 'What is wrong, for example duration_negative.';
comment on column rollup.rejected_hourly.bucket_start is 'Start of the hour, UTC.';
comment on column rollup.rejected_hourly.rows is 'Raw rows.';

-- The same by tenant, so that one late row recounts its own bucket and not the hour of everybody.
create table if not exists pipeline.rejected_by_tenant (
    source text not null,
    bucket_start timestamptz not null,
    tenant_id @tenant_id_type,
    reason text not null,
    rows bigint not null,
    forgotten text
);
create index if not exists rejected_by_tenant_place on pipeline.rejected_by_tenant (source, bucket_start, tenant_id);
comment on table pipeline.rejected_by_tenant is 'What rollup.rejected_hourly is summed from.';
comment on column pipeline.rejected_by_tenant.source is 'Raw table.';
comment on column pipeline.rejected_by_tenant.bucket_start is 'Start of the hour, UTC.';
comment on column pipeline.rejected_by_tenant.tenant_id is
'Tenant; null where the raw row has none, or is of a forgotten one.';
comment on column pipeline.rejected_by_tenant.forgotten is
'Digest of a forgotten tenant, of which these rows are and which tenant_id no longer names; null elsewhere.';
comment on column pipeline.rejected_by_tenant.reason is 'What is wrong.';
comment on column pipeline.rejected_by_tenant.rows is 'Raw rows.';
