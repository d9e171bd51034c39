-- Marks every hour that a raw table, or one partition of it, holds rows of.
insert into pipeline.marks (source, whole, bucket_start, added)
select
    '@source',
    true,
    pipeline.bucket_of(pipeline.utc(e.@created_at)),
    count(*)
from @relation as e
group by pipeline.bucket_of(pipeline.utc(e.@created_at))
