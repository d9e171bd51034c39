-- One row: one relation, and whether the role may make an index on it.
select
    oid::bigint as oid,
    pg_has_role(relowner, 'usage') as is_owned
from pg_catalog.pg_class
where oid = any(cast(:oids as oid[]))
