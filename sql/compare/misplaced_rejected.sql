-- Rejected rows, by tenant and their sums, that no raw row can give; see misplaced_api. Those of rows whose time is no
-- hour stand under -infinity.
insert into differing (rollup, tenant_id, bucket_start, names, what, stored, recomputed, waiting)
select
    j.rollup,
    j.tenant_id,
    j.bucket_start,
    count(*),
    array['no whole hour'],
    sum(j.rows),
    0,
    false
from (
    select
        'rejected_by_tenant' as rollup,
        b.source,
        b.tenant_id,
        b.bucket_start,
        b.rows
    from pipeline.rejected_by_tenant as b
    union all
    select
        'rejected_hourly',
        s.source,
        null,
        s.bucket_start,
        s.rows
    from rollup.rejected_hourly as s
) as j
where
    j.source = :source
    and (
        (
            j.bucket_start >= :start
            and j.bucket_start < :end
            and j.bucket_start <> pipeline.hour_of(j.bucket_start)
        )
        or (:unplaced and not pipeline.has_hour(j.bucket_start) and j.bucket_start <> '-infinity')
    )
group by j.rollup, j.tenant_id, j.bucket_start
