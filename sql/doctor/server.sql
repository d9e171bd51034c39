-- One row: the server, and the session as it reaches it.
select
    clock_timestamp() as now,
    pg_backend_pid() as pid,
    current_user::text as role,
    current_database()::text as database,
    pg_is_in_recovery() as is_replica,
    r.rolsuper as is_superuser,
    pg_has_role(current_user, 'pg_read_all_stats', 'usage') as sees_sessions,
    current_setting('TimeZone') as timezone
from pg_catalog.pg_roles as r
where r.rolname = current_user
