-- One row: one bucket or day that differs.
select
    rollup,
    tenant_id::text as tenant,
    nullif(bucket_start, '-infinity') as bucket_start,
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
