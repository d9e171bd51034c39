create table if not exists pipeline.sources (
    source text primary key,
    relation text not null,
    columns jsonb not null
);
comment on table pipeline.sources is
'What init was told to read. With another mapping nothing runs: rows of the right table would be taken for deleted.';
comment on column pipeline.sources.source is 'Name of the table in the contract.';
comment on column pipeline.sources.relation is 'The table that is read, quoted, with its schema.';
comment on column pipeline.sources.columns is 'Its columns, by their names in the contract.';
