-- Takes misplaced rejected rows away; the sums of their hours are made anew after it.
delete from pipeline.rejected_by_tenant as j
using misplaced as m
where
    m.rollup = 'rejected_by_tenant'
    and j.source = :source
    and j.bucket_start = m.bucket_start
    and j.tenant_id is not distinct from m.tenant_id
