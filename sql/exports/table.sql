create table if not exists pipeline.exports (
    path text primary key,
    place text not null,
    table_name text not null,
    month text not null,
    part int not null,
    digest text not null,
    rows bigint not null,
    bytes bigint not null,
    inexact bigint not null,
    data_through timestamptz,
    written_at timestamptz not null,
    superseded_at timestamptz
);
create unique index if not exists exports_current on pipeline.exports (place, table_name, month, part)
where superseded_at is null;
comment on table pipeline.exports is
'Every Parquet file of the export: current ones, and superseded ones until they are collected.';
comment on column pipeline.exports.path is 'Path under the store''s root.';
comment on column pipeline.exports.place is 'Which store and secret it was written under, as a keyed hash.';
comment on column pipeline.exports.table_name is 'Table of schema rollup.';
comment on column pipeline.exports.month is 'Month as 2026-03; __HIVE_DEFAULT_PARTITION__ for rows at no time.';
comment on column pipeline.exports.part is 'Number of the file within its month, from 0.';
comment on column pipeline.exports.digest is 'Digest of all rows of the month: equal means nothing to write.';
comment on column pipeline.exports.rows is 'Rows in the file.';
comment on column pipeline.exports.bytes is 'Size.';
comment on column pipeline.exports.inexact is
'Rows of the month with a number that numeric(38, 18) cannot hold: rounded, or null from 10^20 on. In part 0 alone.';
comment on column pipeline.exports.data_through is
'How far the rollups were complete when its rows were last looked at.';
comment on column pipeline.exports.written_at is 'When it was written.';
comment on column pipeline.exports.superseded_at is
'When another file took its place; null: current. Set before it is up, so that no file in the store is unknown.';

create or replace function pipeline.exported(value numeric) returns numeric
language sql immutable parallel safe
return case when abs(round(value, 18)) < 1e20 then round(value, 18) end;
comment on function pipeline.exported is
'A number as the export holds it: at 18 decimal places; null where numeric(38, 18) has no room for it.';

create or replace function pipeline.is_inexact(value numeric) returns boolean
language sql immutable parallel safe
return value is distinct from pipeline.exported(value);
comment on function pipeline.is_inexact is 'Whether a number is another one in the export.';

-- The sum of two hashes of each row, so that the order of reading makes no difference.
create or replace function pipeline.hash_of(given text) returns numeric
language sql immutable strict parallel safe
return hashtextextended(given, 0)::numeric * 18446744073709551616 + hashtextextended(given, 1);
comment on function pipeline.hash_of is '128 bits of hash, to be summed up over rows.';
