-- Buckets whose rejected rows are not what raw rows give. What came beyond the horizon nothing can recount.
with counted as (
    -- One row: one (tenant, hour, reason), stored or recomputed.
    select
        j.tenant_id,
        j.bucket_start,
        j.reason,
        j.rows as stored,
        0 as recomputed,
        true as is_stored
    from pipeline.rejected_by_tenant as j
    inner join redo as r on j.bucket_start = r.bucket_start and (r.whole or j.tenant_id = r.tenant_id)
    where
        j.source = :source
        and j.reason <> 'beyond_horizon'
        and j.bucket_start >= :start
        and j.bucket_start < :end
    union all
    select
        n.tenant_id,
        n.bucket_start,
        n.reason,
        0,
        n.rows,
        false
    from pg_temp.rejected_by_tenant as n
),

-- One row: one (tenant, hour, reason), stored and recomputed.
compared as (
    select
        tenant_id,
        bucket_start,
        reason,
        sum(stored) as stored,
        sum(recomputed) as recomputed,
        bool_or(is_stored) as is_stored
    from counted
    group by tenant_id, bucket_start, reason
),

-- One row: one bucket that differs.
buckets as (
    select
        tenant_id,
        bucket_start,
        count(*) filter (where stored <> recomputed) as names,
        array_agg(reason order by reason) filter (where stored <> recomputed) as what,
        sum(stored) as stored,
        sum(recomputed) as recomputed
    from compared
    group by tenant_id, bucket_start
    -- As in api_hours: after data_through only what is stored is compared.
    having bool_or(stored <> recomputed) and (bucket_start < :data_through or bool_or(is_stored))
)

insert into differing (rollup, tenant_id, bucket_start, names, what, stored, recomputed, waiting)
select
    'rejected_by_tenant',
    b.tenant_id,
    b.bucket_start,
    b.names,
    b.what,
    b.stored,
    b.recomputed,
    coalesce(
        b.bucket_start in (select w.bucket_start from waiting as w where w.whole)
        or (
            b.tenant_id is null
            and b.bucket_start in (select w.bucket_start from waiting as w where w.tenant_id is null)
        )
        or (b.tenant_id, b.bucket_start) in (
            select
                w.tenant_id,
                w.bucket_start
            from waiting as w
            where w.tenant_id is not null
        ),
        false
    ) as waiting
from buckets as b
