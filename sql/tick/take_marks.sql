-- Takes the marks of one raw table in [:start, :end) that this snapshot sees: exactly those whose rows it sees too.
with taken as (
    delete from pipeline.marks as m
    using pipeline.progress as p
    where m.source = :source and m.bucket_start >= :start and m.bucket_start < :end
    returning
        m.whole,
        m.tenant_id,
        m.bucket_start,
        m.added,
        m.removed,
        -- Judged as of the marking, not of the tick: an outage does not freeze what was in time.
        coalesce(m.bucket_start < m.marked_at - cast(:horizon as interval), false)
        or coalesce(m.bucket_start < p.hours_from, false) as is_frozen,
        coalesce(m.bucket_start >= p.hours_from, true) as is_kept,
        -- TRUNCATE and what detaches a partition mark whole hours without a count; whoever only looks again at a
        -- table marks them with as many rows gone as come.
        case when m.whole then m.added + m.removed = 0 else m.removed > 0 end as loses
),

-- One row: one hour that has lost rows beyond the horizon. From then on its raw rows do not say all.
purged as (
    insert into pipeline.purged_hours (source, bucket_start)
    select distinct
        :source,
        bucket_start
    from taken
    where is_frozen and is_kept and loses
    on conflict do nothing
    returning bucket_start
),

-- One row: one mark, and whether its hour is marked whole, or has been purged, by these marks or before.
judged as (
    select
        t.tenant_id,
        t.bucket_start,
        t.is_frozen,
        t.added - t.removed as arrived,
        bool_or(t.whole and not t.is_frozen) over (partition by t.bucket_start) as whole_hour,
        coalesce(n.bucket_start, b.bucket_start) is not null as is_purged
    from taken as t
    left join purged as n on t.bucket_start = n.bucket_start
    left join pipeline.purged_hours as b
        on b.source = :source and t.bucket_start = b.bucket_start
),

-- One row: one bucket to redo; a whole hour covers its tenants.
filled as (
    insert into redo (whole, tenant_id, bucket_start)
    select distinct
        whole_hour,
        case when not whole_hour then tenant_id end as tenant_id,
        bucket_start
    from judged
    where not is_frozen and not is_purged and isfinite(bucket_start)
    returning bucket_start
),

-- Rows that came for a frozen bucket, or in time for one that was purged before it was redone, are counted, not rolled
-- up.
late as (
    select
        bucket_start,
        tenant_id,
        sum(arrived)::bigint as arrived
    from judged
    where (is_frozen or is_purged) and arrived > 0 and not bucket_start in (select bucket_start from filled)
    group by bucket_start, tenant_id
),

counted as (
    delete from pipeline.rejected_by_tenant as j
    using late as l
    where
        j.source = :source
        and j.reason = 'beyond_horizon'
        and j.bucket_start = l.bucket_start
        and j.tenant_id is not distinct from l.tenant_id
    returning
        j.bucket_start,
        j.tenant_id,
        j.rows
),

refused as (
    insert into pipeline.rejected_by_tenant (source, bucket_start, tenant_id, reason, rows)
    select
        :source,
        a.bucket_start,
        a.tenant_id,
        'beyond_horizon',
        sum(a.rows)
    from (
        select
            bucket_start,
            tenant_id,
            arrived as rows
        from late
        union all
        select
            bucket_start,
            tenant_id,
            rows
        from counted
    ) as a
    group by a.bucket_start, a.tenant_id
    returning bucket_start
),

noted as (
    insert into recounted (bucket_start)
    select bucket_start
    from filled
    union
    select bucket_start
    from refused
    returning 1
)

select
    (select count(*) from taken) as marks,
    (select count(*) from filled) as buckets,
    (select coalesce(sum(arrived), 0) from late)::bigint as beyond_horizon
