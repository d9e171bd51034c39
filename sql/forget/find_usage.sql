-- The forgotten tenants of which anything is in the buckets that are redone. A bucket of no tenant stands for the rows
-- of all of them.
insert into refused (tenant_id, digest)
select
    c.tenant_id,
    f.digest
from (
    select r.tenant_id
    from redo as r
    union
    select h.tenant_id
    from @rollup.usage_hourly as h
    where
        h.bucket_start >= :start
        and h.bucket_start < :end
        and h.bucket_start in (select r.bucket_start from redo as r where r.whole)
    union
    select j.tenant_id
    from @pipeline.rejected_by_tenant as j
    where
        j.source = 'usage_records'
        and j.bucket_start in (
            select r.bucket_start from redo as r
            union
            select r.bucket_start from recounted as r
        )
    union
    select e.tenant_id
    from redo as r
    cross join lateral pipeline.usage_events(r.bucket_start, r.bucket_start + interval '1 hour') as e
    where not r.whole and r.tenant_id is null
) as c
cross join pipeline.progress as g
inner join pipeline.forgotten as f on f.digest = pipeline.digest_of(g.forget_salt, c.tenant_id::text)
