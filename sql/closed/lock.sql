-- One row if nothing may be at this path. Held, so that whoever is about to write there waits until it is removed; what
-- a ledger says is up stays, however it came to be noted here.
select c.path
from pipeline.closed_paths as c
where
    c.path = :path
    and not exists (select from pipeline.files as f where f.path = c.path and f.superseded_at is null)
    and not exists (select from pipeline.platform_files as p where p.path = c.path and p.superseded_at is null)
    and not exists (select from pipeline.exports as e where e.path = c.path and e.superseded_at is null)
for update of c
