-- One row: one relation that carries any of the marking triggers.
select distinct t.tgrelid::bigint as oid
from pg_catalog.pg_trigger as t
where
    t.tgrelid = any(cast(:oids as oid[]))
    and t.tgname in ('tenantcast_insert', 'tenantcast_update', 'tenantcast_delete', 'tenantcast_truncate')
