-- One row: one raw table with marks that wait for the next tick, of a tenant or of whole hours; `not_over` counts
-- those that wait only because their hour goes on.
select
    source,
    count(*) as marks,
    count(*) filter (where whole) as whole_hours,
    count(*) filter (where bucket_start >= :through) as not_over,
    min(bucket_start) filter (where isfinite(bucket_start)) as oldest,
    max(bucket_start) filter (where isfinite(bucket_start)) as newest,
    min(marked_at) as marked_at
from pipeline.marks
where whole or tenant_id = :tenant
group by source
order by source
