-- The tenant is deleted, and so are its files.
with gone as (
    delete from pipeline.files
    where tenant_id = :tenant
    returning path
)

insert into pipeline.closed_paths (path, swept_until)
select
    g.path,
    clock_timestamp() + cast(:swept as interval)
from gone as g
on conflict (path) do update
    set swept_until = excluded.swept_until
