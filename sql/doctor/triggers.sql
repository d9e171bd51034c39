-- One row: one marking trigger that a relation lacks, or that does not fire.
select
    format('%I.%I', n.nspname, c.relname) as relation,
    w.name,
    t.tgenabled::text as enabled
from unnest(cast(:oids as oid[])) as o (oid)
inner join pg_catalog.pg_class as c on o.oid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
cross join
    unnest(array['tenantcast_insert', 'tenantcast_update', 'tenantcast_delete', 'tenantcast_truncate']) as w (name)
left join pg_catalog.pg_trigger as t on o.oid = t.tgrelid and w.name = t.tgname
where t.tgenabled is null or t.tgenabled not in ('O', 'A')
order by c.oid, w.name
