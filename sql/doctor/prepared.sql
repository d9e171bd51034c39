-- One row: one transaction that was prepared an hour before :now and neither committed nor rolled back.
select
    gid,
    owner::text as owner,
    prepared as since
from pg_catalog.pg_prepared_xacts
where database = current_database() and prepared < cast(:now as timestamptz) - interval '1 hour'
order by prepared
