-- One row: one valid index of a relation whose first columns are the ones asked for and which serves ranges of the
-- last of them, under any name; `bare` is true of one of ours that a killed `init` left without its comment.
select
    i.indrelid::bigint as oid,
    i.indexrelid::regclass::text as name,
    n.nspname as schema,
    c.relname as index_name,
    c.relname like 'tenantcast\_%' and obj_description(i.indexrelid, 'pg_class') is null as bare
from pg_catalog.pg_index as i
inner join pg_catalog.pg_class as c on i.indexrelid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
inner join pg_catalog.pg_am as m on c.relam = m.oid
where
    i.indrelid = any(cast(:oids as oid[]))
    and i.indisvalid
    and i.indpred is null
    and m.amname = any(cast(:methods as text[]))
    and (
        -- What an index merely includes has no collation here; one in another does not serve the column's own.
        select array_agg(a.attname::text order by k.place)
        from unnest(i.indkey::smallint[], i.indcollation::oid[]) with ordinality as k (attnum, collation_oid, place)
        inner join pg_catalog.pg_attribute as a
            on a.attrelid = i.indrelid and k.attnum = a.attnum and k.collation_oid = a.attcollation
        where k.place <= cardinality(cast(:columns as text[]))
    ) = cast(:columns as text[])
    and exists (
        select
        from pg_catalog.pg_opclass as s
        inner join pg_catalog.pg_amop as p on s.opcfamily = p.amopfamily
        inner join pg_catalog.pg_operator as o on p.amopopr = o.oid
        where s.oid = i.indclass[cardinality(cast(:columns as text[])) - 1] and o.oprname = '<'
    )
