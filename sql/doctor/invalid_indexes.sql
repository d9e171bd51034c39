-- One row: one index of a raw table or partition that was left invalid: writers pay for it, and it serves nobody.
select
    format('%I.%I', n.nspname, c.relname) as name,
    i.indrelid::regclass::text as relation
from pg_catalog.pg_index as i
inner join pg_catalog.pg_class as c on i.indexrelid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    i.indrelid = any(cast(:oids as oid[]))
    and not i.indisvalid
    and c.relkind = 'i'
    and not exists (select from pg_catalog.pg_stat_progress_create_index as p where p.index_relid = i.indexrelid)
order by c.oid
