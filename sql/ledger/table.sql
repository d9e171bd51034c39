-- A row that lies at infinity or where no calendar goes, such as a date of the year 44 BC, would stop every tick.
create or replace function pipeline.has_hour(at timestamptz) returns boolean
language sql immutable parallel safe
return at >= timestamptz '1001-01-01 00:00:00+00' and at < timestamptz '9999-01-01 00:00:00+00';
comment on function pipeline.has_hour is 'Whether a raw row''s time can be told as an hour: years 1001 to 9998.';

create or replace function pipeline.bucket_of(at timestamptz) returns timestamptz
language sql immutable parallel safe
return case when pipeline.has_hour(at) then pipeline.hour_of(at) else timestamptz '-infinity' end;
comment on function pipeline.bucket_of is 'The hour of a raw row; -infinity where it has none.';

create table if not exists pipeline.marks (
    source text not null,
    whole boolean not null default false,
    tenant_id @tenant_id_type,
    bucket_start timestamptz not null,
    added bigint not null default 0,
    removed bigint not null default 0,
    marked_at timestamptz not null default clock_timestamp()
)
-- Most rows live for an hour at most: without this, dead ones pile up under a writer that never pauses. Those of rows
-- dated in the future wait until their hour is over.
with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);
-- No index: a chunk of a backlog reads all marks that wait, which is cheap and rare; every statement of every writer
-- would pay for one.
comment on table pipeline.marks is
'The change ledger: which (tenant, hour) of which raw table changed and is not rolled up yet. '
'Appended by the writer''s own transaction, deleted by the tick that rolls it up.';
comment on column pipeline.marks.source is 'Raw table: api_requests or usage_records.';
comment on column pipeline.marks.whole is 'True: all tenants of the hour.';
comment on column pipeline.marks.tenant_id is
'Tenant whose hour changed; null where the raw row has none, or with whole.';
comment on column pipeline.marks.bucket_start is
'Start of the hour that changed, UTC; -infinity: rows whose time is no hour.';
comment on column pipeline.marks.added is 'Rows that came into the hour by this statement.';
comment on column pipeline.marks.removed is 'Rows that left the hour by this statement.';
comment on column pipeline.marks.marked_at is 'When the statement ran.';

create table if not exists pipeline.purged_hours (
    source text not null,
    bucket_start timestamptz not null,
    primary key (source, bucket_start)
);
comment on table pipeline.purged_hours is
'Hours that have lost raw rows beyond the horizon. Their rollups stay as they are, also when a row that was written in '
'time commits later: recomputed from the rows that are left, they would shrink.';
comment on column pipeline.purged_hours.source is 'Raw table: api_requests or usage_records.';
comment on column pipeline.purged_hours.bucket_start is 'Start of the hour, UTC.';

create table if not exists pipeline.watched (
    oid oid primary key,
    source text not null,
    from_time timestamptz not null,
    to_time timestamptz not null
);
comment on table pipeline.watched is 'Raw tables and partitions whose rows from before the triggers have been marked.';
comment on column pipeline.watched.oid is 'The table''s pg_class.oid.';
comment on column pipeline.watched.source is 'Contract name of the raw table.';
comment on column pipeline.watched.from_time is 'Start of the times that its bounds let in.';
comment on column pipeline.watched.to_time is 'End of them, exclusive.';

create table if not exists pipeline.emptied (
    oid oid not null,
    source text not null,
    emptied_at timestamptz not null default clock_timestamp()
);
comment on table pipeline.emptied is
'Raw tables and partitions that a TRUNCATE has emptied; the next tick marks what is stored of them.';
comment on column pipeline.emptied.oid is 'The table''s pg_class.oid.';
comment on column pipeline.emptied.source is 'Contract name of the raw table.';
comment on column pipeline.emptied.emptied_at is 'When the statement ran.';
