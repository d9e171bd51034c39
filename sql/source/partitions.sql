-- One row: the table itself, and each of its partitions at every level.
with recursive tree as (
    select cast(:oid as oid) as oid
    union all
    select i.inhrelid
    from tree as t
    inner join pg_catalog.pg_inherits as i on t.oid = i.inhparent
)

select
    c.oid::bigint as oid,
    format('%I.%I', n.nspname, c.relname) as name,
    c.relkind::text as kind
from tree as t
inner join pg_catalog.pg_class as c on t.oid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
order by c.oid
