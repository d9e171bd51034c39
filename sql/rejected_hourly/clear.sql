-- What came beyond the horizon is counted once, when it comes; nothing can recount it. Rows of forgotten tenants are
-- counted apart, see forget/.
delete from pipeline.rejected_by_tenant as j
using redo as r
where
    j.source = :source
    and j.reason not in ('beyond_horizon', 'forgotten')
    and j.bucket_start = r.bucket_start
    and (:by_scan or j.tenant_id is not distinct from r.tenant_id)
