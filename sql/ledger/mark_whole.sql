-- Marks every hour that a raw table, or one partition of it, holds rows of. Rows of an hour that is stored already have
-- been counted: they are marked as going and coming, so that a frozen hour takes none of them for late.
insert into pipeline.marks (source, whole, bucket_start, added, removed)
select
    '@source',
    true,
    h.bucket_start,
    case when h.is_stored then (h.rows + 1) / 2 else h.rows end,
    case when h.is_stored then (h.rows + 1) / 2 else 0 end
from (
    select
        pipeline.bucket_of(pipeline.utc(e.@created_at)) as bucket_start,
        count(*) as rows,
        pipeline.bucket_of(pipeline.utc(e.@created_at)) in (
            select s.bucket_start from pipeline.stored_hours as s where s.source = '@source'
        ) as is_stored
    from @relation as e
    group by pipeline.bucket_of(pipeline.utc(e.@created_at))
) as h
