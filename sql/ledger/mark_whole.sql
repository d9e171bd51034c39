-- Marks every hour that a raw table, or one partition of it, holds rows of.
insert into pipeline.marks (source, whole, bucket_start, added)
select
    '@source',
    true,
    pipeline.hour_of(pipeline.utc(e.@created_at)),
    count(*)
from @relation as e
where pipeline.has_hour(pipeline.utc(e.@created_at))
group by pipeline.hour_of(pipeline.utc(e.@created_at))
