-- One row: one raw table or partition that logical replication writes to.
select
    format('%I.%I', n.nspname, c.relname) as relation,
    s.subname::text as subscription
from pg_catalog.pg_subscription_rel as r
inner join pg_catalog.pg_subscription as s on r.srsubid = s.oid
inner join pg_catalog.pg_class as c on r.srrelid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where r.srrelid = any(cast(:oids as oid[]))
order by c.oid
