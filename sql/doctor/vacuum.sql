-- One row: one table of ours that lives by being emptied, and what vacuum leaves of it.
select
    s.schemaname || '.' || s.relname as relation,
    s.n_live_tup as live,
    s.n_dead_tup as dead,
    pg_table_size(s.relid) as bytes,
    s.last_autovacuum,
    current_setting('autovacuum') = 'on' as is_on,
    current_setting('track_counts') = 'on' as counts,
    coalesce('autovacuum_enabled=false' = any(c.reloptions), false) as is_off_here
from pg_catalog.pg_stat_user_tables as s
inner join pg_catalog.pg_class as c on s.relid = c.oid
where s.schemaname = 'pipeline' and s.relname in ('marks', 'queue')
order by s.relname
