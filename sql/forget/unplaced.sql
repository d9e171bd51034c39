-- Rows without an hour of forgotten tenants: they stay counted, without saying whose they are.
update @pipeline.rejected_by_tenant as j
set
    tenant_id = null,
    forgotten = f.digest,
    reason = 'forgotten'
from pipeline.progress as g
cross join pipeline.forgotten as f
where
    j.source = :source
    and j.bucket_start = '-infinity'
    and f.digest = pipeline.digest_of(g.forget_salt, j.tenant_id::text)
