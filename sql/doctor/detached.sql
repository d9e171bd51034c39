-- One row: one table that bears the name of a rollup's partition, is none, and is not on its way out.
select
    c.relname::text as name,
    substring(c.relname from '^((api|usage)_(hourly|daily))_') as rollup
from pg_catalog.pg_class as c
where
    c.relnamespace = 'rollup'::regnamespace
    and c.relkind = 'r'
    and c.relname ~ '^(api|usage)_(hourly|daily)_(past|[0-9_]+)$'
    and not exists (select from pg_catalog.pg_inherits as i where i.inhrelid = c.oid)
    and not exists (select from pipeline.dropping as d where d.name = c.relname)
order by c.relname
