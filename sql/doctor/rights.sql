-- One row: one source table or partition that the role may not do enough with.
select
    format('%I.%I', n.nspname, c.relname) as relation,
    has_schema_privilege(n.oid, 'usage') as may_enter,
    quote_ident(n.nspname) as schema,
    has_table_privilege(c.oid, 'select') as may_read,
    has_table_privilege(c.oid, 'trigger') or not c.oid = any(cast(:marked as oid[])) as may_watch
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    c.oid = any(cast(:oids as oid[]))
    and not (
        has_schema_privilege(n.oid, 'usage')
        and has_table_privilege(c.oid, 'select')
        and (has_table_privilege(c.oid, 'trigger') or not c.oid = any(cast(:marked as oid[])))
    )
order by c.oid
