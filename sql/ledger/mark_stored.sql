-- Marks the stored hours of a raw table within [:from_time, :to_time) whose rows may be gone; not those of which rows
-- have just been found and marked.
insert into pipeline.marks (source, whole, bucket_start, marked_at)
select distinct
    s.source,
    true,
    s.bucket_start,
    coalesce(cast(:marked_at as timestamptz), clock_timestamp())
from pipeline.stored_hours as s
where
    s.source = :source
    and s.bucket_start >= pipeline.hour_of(cast(:from_time as timestamptz))
    and s.bucket_start < cast(:to_time as timestamptz)
    and not s.bucket_start in (
        select m.bucket_start
        from pipeline.marks as m
        where m.source = :source and m.whole and m.added > 0
    )
