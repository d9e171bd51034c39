-- One row: one relation of a raw table that the planner has no statistics of: it would guess where an hour lies.
select c.oid::regclass::text as name
from pipeline.watched as w
inner join pg_catalog.pg_class as c on w.oid = c.oid
inner join pg_catalog.pg_attribute as a on c.oid = a.attrelid
where
    w.source = :source
    and c.relkind = 'r'
    and a.attname = :created_at
    and not exists (
        select from pg_catalog.pg_stats as s
        where
            s.schemaname = c.relnamespace::regnamespace::name
            and s.tablename = c.relname
            and s.attname = a.attname
    )
