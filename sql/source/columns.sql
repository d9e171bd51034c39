-- One row: one column of a table, in order; none where there is no such table.
select
    c.oid::bigint as oid,
    c.relkind::text as kind,
    a.attname::text as name,
    format_type(a.atttypid, a.atttypmod) as type,
    t.typcategory::text as category,
    row_security_active(c.oid) as hides_rows
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
inner join pg_catalog.pg_attribute as a on c.oid = a.attrelid
inner join pg_catalog.pg_type as t on a.atttypid = t.oid
where
    n.nspname = :schema
    and c.relname = :table
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and a.attnum > 0
    and not a.attisdropped
order by a.attnum
