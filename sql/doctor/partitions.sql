-- One row: one rollup that is cut by time, and up to which day it has partitions.
select
    c.relname::text as rollup,
    max(substring(pg_get_expr(k.relpartbound, k.oid) from 'TO \(''(\d{4}-\d\d-\d\d)'))::date as made_to
from pg_catalog.pg_class as c
left join pg_catalog.pg_inherits as i on c.oid = i.inhparent and not i.inhdetachpending
left join pg_catalog.pg_class as k on i.inhrelid = k.oid
where c.relnamespace = 'rollup'::regnamespace and c.relkind = 'p'
group by c.relname
order by c.relname
