-- One row: one bucket or day that differs.
select
    rollup,
    tenant_id::text as tenant,
    case when pipeline.has_hour(bucket_start) then bucket_start end as bucket_start,
    day,
    names,
    what,
    stored,
    recomputed,
    coalesce(tokens_stored, 0) as tokens_stored,
    coalesce(tokens_recomputed, 0) as tokens_recomputed,
    waiting
from differing
order by rollup, differing.bucket_start, case when differing.bucket_start is null then day end, tenant
