-- From this commit on the tenant is forgotten, whatever comes. Its folders are remembered, those of older addresses and
-- of older secrets too, and the paths of which an edge may hold copies.
insert into pipeline.forgotten as f (digest, swept_until, keys, to_invalidate)
select
    pipeline.digest_of(g.forget_salt, :id),
    clock_timestamp() + cast(:swept as interval),
    array(
        select distinct k.key
        from (
            select unnest(cast(:keys as text[])) as key
            union
            select split_part(n.path, '/', 3) from pipeline.files as n where n.tenant_id = :tenant
        ) as k
        order by k.key
    ),
    array(select n.path from pipeline.files as n where n.tenant_id = :tenant order by n.path)
from pipeline.progress as g
on conflict (digest) do update
    set
        keys = array(select distinct k.key from unnest(f.keys || excluded.keys) as k (key) order by k.key),
        to_invalidate = f.to_invalidate || excluded.to_invalidate,
        swept_until = excluded.swept_until,
        finished_at = null
returning f.digest
