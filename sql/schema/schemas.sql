-- `create schema if not exists` asks for the right to create one even where it exists: a role that owns these two
-- schemas and nothing else could not run `init`.
do $$
begin
    if to_regnamespace('pipeline') is null then
        create schema pipeline;
    end if;
    if to_regnamespace('rollup') is null then
        create schema rollup;
    end if;
end
$$;
comment on schema pipeline is 'State of Tenantcast: the change ledger, the publish queue, runs. Not for analysts.';

comment on schema rollup is 'Rollups for analysts: one row per grain, UTC hours and tenants'' own days.';

-- Bodies that begin with `return` are bound to what they name when `init` defines them, not when they are called: the
-- marking triggers call them in whatever search_path a writer has.

-- A raw table's time may be timestamptz or timestamp (which is UTC). These overloads read both and keep
-- comparisons in the column's own type, so that its index is used.
create or replace function pipeline.utc(at timestamptz) returns timestamptz
language sql immutable parallel safe
return at;

create or replace function pipeline.utc(at timestamp) returns timestamptz
language sql immutable parallel safe
return at at time zone 'UTC';

create or replace function pipeline.like_column(bound timestamptz, sample timestamptz) returns timestamptz
language sql immutable parallel safe
as 'select bound';

create or replace function pipeline.like_column(bound timestamptz, sample timestamp) returns timestamp
language sql immutable parallel safe
as 'select bound at time zone ''UTC''';

-- How many characters a name may have that stands in one key with a tenant's id: an index entry has a limit of 2,704
-- bytes, and a character may take four. Ids that are no text leave room for all.
create or replace function pipeline.name_room(tenant_id text) returns int
language sql immutable parallel safe
as $$
select case when octet_length(tenant_id) > 1400 then greatest(0, (2600 - octet_length(tenant_id)) / 4) else 300 end
$$;

create or replace function pipeline.name_room(tenant_id uuid) returns int
language sql immutable parallel safe
as 'select 300';

create or replace function pipeline.name_room(tenant_id bigint) returns int
language sql immutable parallel safe
as 'select 300';

create or replace function pipeline.hour_of(at timestamptz) returns timestamptz
language sql immutable parallel safe
return date_bin(interval '1 hour', at, timestamptz '2000-01-01 00:00:00+00');

-- Hours belong to days by their own local date, (bucket_start at time zone zone)::date, and this is the same rule from
-- the other side. A plain `day at time zone zone` is not: where clocks go back over midnight, PostgreSQL takes the
-- later of the two midnights, and an hour would be lost from its day. One expression, so that it can be inlined.
create or replace function pipeline.day_start(day date, zone text) returns timestamptz
language sql stable parallel safe
as $$
select
    pipeline.hour_of(
        (day::timestamp at time zone zone)
        -- Clocks go back by an hour; in Magadan and Chita once by two, in the Antarctic by three.
        - case
            when ((day::timestamp at time zone zone) - interval '3 hours') at time zone zone >= day
                then interval '3 hours'
            when ((day::timestamp at time zone zone) - interval '2 hours') at time zone zone >= day
                then interval '2 hours'
            when ((day::timestamp at time zone zone) - interval '1 hour') at time zone zone >= day
                then interval '1 hour'
            else interval '0'
        end
        -- Far back, zones are off the whole hour: the first whole hour is the one after midnight.
        + interval '59 minutes 59.999999 seconds'
    )
$$;
comment on function pipeline.day_start is
'The earliest whole hour (UTC) whose local date in a zone is that day, or a later one where the zone leaves it out.';

create or replace function rollup.iso_week(day date) returns text
language sql immutable parallel safe
as $$
select lpad(extract(isoyear from day)::text, 4, '0') || '-W' || lpad(extract(week from day)::text, 2, '0')
$$;
comment on function rollup.iso_week is
'ISO week of a day, as 2022-W52. Weeks begin on Monday and belong to the year of their Thursday, which around New Year '
'is not always the year of the day.';

create table if not exists pipeline.progress (
    only_row boolean primary key default true check (only_row),
    schema_version int not null,
    data_through timestamptz,
    published_through timestamptz,
    documents_version text not null default '',
    seq bigint not null default 0,
    hours_from timestamptz,
    days_from date,
    status_hash text,
    status_planned text,
    currency text,
    platform_zone text,
    forget_salt bytea not null default sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'))
);
comment on table pipeline.progress is 'One row: how far rolling up and publishing are.';
comment on column pipeline.progress.currency is 'Currency of all amounts.';
comment on column pipeline.progress.platform_zone is 'Zone that the platform''s days are in.';
comment on column pipeline.progress.forget_salt is
'Key of the hashes by which forgotten tenants are recognised; random, made once. With another, they would come back.';
comment on column pipeline.progress.only_row is 'Holds the table to one row.';
comment on column pipeline.progress.schema_version is
'Number of the last of sql/migrations that these definitions hold.';
comment on column pipeline.progress.data_through is 'End of the last hour that is complete in the rollups.';
comment on column pipeline.progress.published_through is 'data_through of the last status.json.';
comment on column pipeline.progress.documents_version is
'Digest of the code that shapes documents: when it changes, all files are looked at again.';
comment on column pipeline.progress.seq is 'Highest seq given to a published file.';
comment on column pipeline.progress.hours_from is
'Hours before this are frozen: retention has dropped those up to two days before it, so that the days of all that '
'follow still have every hour they had. Null: all are kept.';
comment on column pipeline.progress.days_from is
'Days before this have been dropped by retention; null: all are kept.';
comment on column pipeline.progress.status_hash is
'SHA-256 of the last status.json that is up; null: none has been noted.';
comment on column pipeline.progress.status_planned is
'SHA-256 of the status.json that was about to be written last: it is up, too, where its run was killed right after.';

create table if not exists pipeline.tick_lock (nothing boolean);
comment on table pipeline.tick_lock is
'Always empty. A tick locks it as its first statement: LOCK TABLE takes no snapshot, so the snapshot that follows '
'sees all that earlier ticks did, and the lock ends with the transaction, also behind a transaction pooler.';
comment on column pipeline.tick_lock.nothing is 'Never used.';
