-- What is closed at once is noted from here on.
create table if not exists pipeline.closed_paths (
    path text primary key,
    swept_until timestamptz not null,
    looked_at timestamptz
);
