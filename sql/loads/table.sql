-- What `load` has brought in: a row a file, written in the transaction of the rows themselves.
create table if not exists pipeline.loads (
    load_id bigint generated always as identity primary key,
    sha256 text not null,
    file_name text not null,
    target_table text not null,
    rows bigint not null,
    rejected jsonb not null,
    loaded_at timestamptz not null default clock_timestamp()
);

-- For the question before every load: is this content in this table already?
create index if not exists loads_by_content on pipeline.loads (sha256, target_table);

comment on table pipeline.loads is 'One row per file that `load` brought into a source table.';
comment on column pipeline.loads.load_id is 'Number of the load, rising.';
comment on column pipeline.loads.sha256 is 'SHA-256 of the content, in hex; of a .gz file, of what is inside.';
comment on column pipeline.loads.file_name is 'Name of the file, without its folder.';
comment on column pipeline.loads.target_table is 'The table the rows went into, as schema.table.';
comment on column pipeline.loads.rows is 'Rows that were loaded.';
comment on column pipeline.loads.rejected is
'Rows that were not: a list of {reason, rows, lines}, lines being the first ten.';
comment on column pipeline.loads.loaded_at is 'When the load ended.';
