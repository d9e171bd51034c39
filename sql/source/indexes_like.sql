-- One row: one valid index of a relation whose first columns are the ones asked for, by access method.
select i.indexrelid::regclass::text as name
from pg_catalog.pg_index as i
inner join pg_catalog.pg_class as c on i.indexrelid = c.oid
inner join pg_catalog.pg_am as m on c.relam = m.oid
where
    i.indrelid = cast(:oid as oid)
    and i.indisvalid
    and i.indpred is null
    and m.amname = any(cast(:methods as text []))
    and (
        select array_agg(a.attname::text order by k.place)
        from unnest(i.indkey::smallint []) with ordinality as k (attnum, place)
        inner join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and k.attnum = a.attnum
        where k.place <= cardinality(cast(:columns as text []))
    ) = cast(:columns as text [])
