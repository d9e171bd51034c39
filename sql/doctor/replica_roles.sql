-- One row: one role or database whose sessions begin with triggers off.
select
    r.rolname::text as role,
    d.datname::text as database
from pg_catalog.pg_db_role_setting as s
left join pg_catalog.pg_roles as r on s.setrole = r.oid
left join pg_catalog.pg_database as d on s.setdatabase = d.oid
where
    s.setconfig && array['session_replication_role=replica']
    and (d.datname is null or d.datname = current_database())
order by r.rolname, d.datname
