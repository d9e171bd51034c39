-- One row: one open transaction that has written to one of these tables, the oldest first: its rows come when it ends.
select
    a.pid,
    coalesce(nullif(a.application_name, ''), a.usename::text, '?') as name,
    coalesce(a.state, 'at work') as state,
    min(a.xact_start) as since
from pg_catalog.pg_locks as l
inner join pg_catalog.pg_stat_activity as a on l.pid = a.pid
inner join pg_catalog.pg_database as d on l.database = d.oid
where
    d.datname = current_database()
    and l.relation = any(cast(:oids as oid[]))
    and l.granted
    and l.pid <> pg_backend_pid()
    and l.mode = 'RowExclusiveLock'
group by a.pid, a.application_name, a.usename, a.state
order by min(a.xact_start)
