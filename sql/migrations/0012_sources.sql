-- What is read is noted from here on, by this very init: what the settings name now is taken for what was meant.
create table if not exists pipeline.sources (
    source text primary key,
    relation text not null,
    columns jsonb not null
);
