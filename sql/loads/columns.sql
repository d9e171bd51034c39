-- One row: a column of the table :schema.:table that COPY may write, with what happens to it without a value.
select
    a.attname::text as name,
    a.attnotnull as not_null,
    coalesce(b.typname, t.typname)::text as type,
    case
        when coalesce(b.typname, t.typname) in ('varchar', 'bpchar') then greatest(a.atttypmod, t.typtypmod) - 4
    end as length,
    a.atthasdef or a.attidentity <> '' as has_default,
    pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) as sequence
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
inner join pg_catalog.pg_attribute as a on c.oid = a.attrelid
inner join pg_catalog.pg_type as t on a.atttypid = t.oid
left join pg_catalog.pg_type as b on t.typbasetype = b.oid -- what a domain is made of
where
    n.nspname = :schema
    and c.relname = :table
    and c.relkind in ('r', 'p', 'v', 'f')
    and a.attnum > 0
    and not a.attisdropped
    and a.attgenerated = ''
order by a.attnum
