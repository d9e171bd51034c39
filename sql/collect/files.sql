-- One row: one file that no dashboard has listed for longer than :kept, the oldest first. Where a dashboard's write was
-- cut off, nobody knows which one is up: its tenant's files wait until the next publish has told.
select
    f.tenant_id,
    f.path,
    f.superseded_at = '-infinity' as is_closed
from pipeline.files as f
where
    f.superseded_at < clock_timestamp() - cast(:kept as interval)
    and (
        select bool_and(d.content_hash <> '')
        from pipeline.files as d
        where f.tenant_id = d.tenant_id and d.kind = 'dashboard' and d.superseded_at is null
    )
order by f.superseded_at
limit :most
