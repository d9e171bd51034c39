-- One row: one tenant of those asked for: the hour that its files should be true through, and whether it waits for a
-- publish, which may change them. Blank is the hash of a dashboard whose write was cut off.
select
    k.tenant_id,
    k.tenant_id::text as id,
    k.deleted,
    p.seq,
    coalesce(g.generation, 1) as generation,
    greatest(p.published_through, k.published_through) as through,
    k.failure is not null
    or (k.published_through is null and not k.deleted)
    or coalesce(k.next_change_at <= greatest(p.published_through, k.published_through), false)
    or exists (select from pipeline.queue as q where q.tenant_id = k.tenant_id)
    or exists (
        select from pipeline.files as f
        where
            f.tenant_id = k.tenant_id
            and f.kind = 'dashboard'
            and f.superseded_at is null
            and f.content_hash = ''
    )
    -- Other code or settings than those that the files were made with make every tenant due.
    or p.documents_version <> :version as waits
from pipeline.tenant_state as k
cross join pipeline.progress as p
left join pipeline.tenant_keys as g on k.tenant_id = g.tenant_id
where k.tenant_id = any(:tenants)
order by k.tenant_id
