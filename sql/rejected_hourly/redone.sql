-- One row: one reason for which rows of the redone buckets are rejected.
select
    j.reason,
    sum(j.rows)::bigint as rows
from pipeline.rejected_by_tenant as j
where
    j.source = :source
    and j.reason <> 'beyond_horizon'
    and j.bucket_start in (select r.bucket_start from redo as r)
    and exists (
        select
        from redo as r
        where
            r.bucket_start = j.bucket_start
            and (
                r.whole
                or (r.tenant_id is not distinct from j.tenant_id and j.forgotten is null)
                or j.forgotten in (select f.digest from refused as f)
            )
    )
group by j.reason
