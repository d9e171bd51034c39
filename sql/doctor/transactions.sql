-- One row: one transaction that has been open for an hour at :now: it has written to a raw table, or it keeps vacuum
-- from taking away what has been deleted since it began.
select
    a.pid,
    coalesce(nullif(a.application_name, ''), a.usename::text, '?') as name,
    coalesce(a.state, 'at work') as state,
    a.xact_start as since,
    exists(
        select from pg_catalog.pg_locks as l
        where
            l.pid = a.pid
            and l.relation = any(cast(:oids as oid[]))
            and l.granted
            and l.mode = 'RowExclusiveLock'
    ) as holds_rows
from pg_catalog.pg_stat_activity as a
where
    a.datname = current_database()
    and a.pid <> pg_backend_pid()
    and a.xact_start < cast(:now as timestamptz) - interval '1 hour'
order by a.xact_start
