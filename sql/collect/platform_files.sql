-- One row: one file that no summary has listed for longer than :kept, the oldest first; none while nobody knows which
-- summary is up.
select
    f.path,
    f.superseded_at = '-infinity' as is_closed
from pipeline.platform_files as f
where
    f.superseded_at < clock_timestamp() - cast(:kept as interval)
    and (
        select bool_and(s.content_hash <> '')
        from pipeline.platform_files as s
        where s.kind = 'summary' and s.superseded_at is null
    )
order by f.superseded_at
limit :most
