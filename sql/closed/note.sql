-- These were removed, or are about to be.
insert into pipeline.closed_paths (path, swept_until)
select
    p.path,
    clock_timestamp() + cast(:swept as interval)
from unnest(cast(:paths as text[])) as p (path)
on conflict (path) do update
    set swept_until = excluded.swept_until
