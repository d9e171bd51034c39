-- One row: how many frozen hours hold anything.
select count(distinct s.bucket_start) as hours
from pipeline.stored_hours as s
where
    s.source = :source
    and s.bucket_start >= :start
    and s.bucket_start < :end
    and s.bucket_start in (select f.bucket_start from frozen as f)
