-- One row: one partition of a rollup table, or one that was taken off it and not dropped; bounds are midnights, UTC.
select
    r.rollup,
    c.relname::text as name,
    substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \(''(\d{4}-\d\d-\d\d)')::date as start_on,
    substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''(\d{4}-\d\d-\d\d)')::date as end_on,
    i.inhrelid is not null as attached,
    coalesce(i.inhdetachpending, false) as pending
from unnest(cast(:rollups as text[])) as r (rollup)
inner join pg_catalog.pg_class as c
    on
        c.relnamespace = 'rollup'::regnamespace
        and c.relkind = 'r'
        and c.relname ~ ('^' || r.rollup || '_(past|[0-9_]+)$')
left join pg_catalog.pg_inherits as i on c.oid = i.inhrelid
order by r.rollup, end_on nulls first
