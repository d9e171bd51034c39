-- The mark of ownership: `demo` empties and fills only the tables of a database that carries it.
create schema if not exists pipeline;

create table if not exists pipeline.demo (
    only_row boolean primary key default true check (only_row),
    seed bigint not null,
    scale double precision not null,
    tenants int not null,
    days int not null, -- noqa: RF04
    starts_at timestamptz not null,
    loaded_through timestamptz,
    changed_as_of timestamptz
);
comment on table pipeline.demo is
'One row where the raw tables are those of the simulated SaaS: what it is made from, and how far it is loaded.';
comment on column pipeline.demo.only_row is 'Holds the table to one row.';
comment on column pipeline.demo.seed is 'Where its random numbers begin.';
comment on column pipeline.demo.scale is 'Its size; 1 is about 2 million rows in 90 days.';
comment on column pipeline.demo.tenants is 'How many tenants it has.';
comment on column pipeline.demo.days is 'How many whole days it had when it began.';
comment on column pipeline.demo.starts_at is 'Where its rows begin.';
comment on column pipeline.demo.loaded_through is 'All its rows before this are loaded; null: none yet.';
comment on column pipeline.demo.changed_as_of is
'The end for which late rows, corrections and deletions were last made; null: never.';
