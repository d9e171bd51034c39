create table if not exists pipeline.marks (
    source text not null,
    whole boolean not null default false,
    tenant_id @tenant_id_type,
    bucket_start timestamptz not null,
    added bigint not null default 0,
    removed bigint not null default 0,
    marked_at timestamptz not null default clock_timestamp()
)
-- Rows live for an hour at most: without this, dead ones pile up under a writer that never pauses.
with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);
comment on table pipeline.marks is
'The change ledger: which (tenant, hour) of which raw table changed and is not rolled up yet. '
'Appended by the writer''s own transaction, deleted by the tick that rolls it up.';
comment on column pipeline.marks.source is 'Raw table: api_requests or usage_records.';
comment on column pipeline.marks.whole is 'True: all tenants of the hour.';
comment on column pipeline.marks.tenant_id is 'Tenant whose hour changed; null where the raw row has none, or with whole.';
comment on column pipeline.marks.bucket_start is 'Start of the hour that changed, UTC.';
comment on column pipeline.marks.added is 'Rows that came into the hour by this statement.';
comment on column pipeline.marks.removed is 'Rows that left the hour by this statement.';
comment on column pipeline.marks.marked_at is 'When the statement ran.';

create table if not exists pipeline.watched (
    oid oid primary key,
    source text not null
);
comment on table pipeline.watched is 'Raw tables and partitions whose rows from before the triggers have been marked.';
comment on column pipeline.watched.oid is 'The table''s pg_class.oid.';
comment on column pipeline.watched.source is 'Contract name of the raw table.';
