-- One row: one raw table with marks whose hour was over at :through.
select
    source,
    count(*) as marks,
    min(bucket_start) as oldest,
    min(greatest(marked_at, bucket_start + interval '1 hour')) as waits_since
from pipeline.marks
where bucket_start < :through and isfinite(bucket_start)
group by source
order by source
