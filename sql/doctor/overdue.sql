-- One row: one raw table with marks whose hour was over at :through, or that have none.
select
    source,
    count(*) as marks,
    min(bucket_start) filter (where isfinite(bucket_start)) as oldest,
    min(case when isfinite(bucket_start) then greatest(marked_at, bucket_start + interval '1 hour') else marked_at end)
        as waits_since
from pipeline.marks
where bucket_start < :through
group by source
order by source
