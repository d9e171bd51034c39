-- Frozen hours stay as they are where raw rows would give less: none of an hour, or, unless :even_if_fewer, fewer of
-- any of its tenants than are stored.
-- The linter miscounts the columns of a union whose query deletes.
-- noqa: disable=AM07
with recomputed as (
    -- One row: one (tenant, hour) that raw rows give.
    select
        n.tenant_id,
        n.bucket_start,
        sum(n.requests) as held
    from pg_temp.api_hourly as n
    group by n.tenant_id, n.bucket_start
    union all
    select
        n.tenant_id,
        n.bucket_start,
        sum(n.records) as held
    from pg_temp.usage_hourly as n
    group by n.tenant_id, n.bucket_start
),

stored as (
    -- One row: one (tenant, hour) that is stored.
    select
        h.tenant_id,
        h.bucket_start,
        sum(h.requests) as held
    from rollup.api_hourly as h
    where :source = 'api_requests' and h.bucket_start in (select r.bucket_start from redo as r)
    group by h.tenant_id, h.bucket_start
    union all
    select
        h.tenant_id,
        h.bucket_start,
        sum(h.records) as held
    from rollup.usage_hourly as h
    where :source = 'usage_records' and h.bucket_start in (select r.bucket_start from redo as r)
    group by h.tenant_id, h.bucket_start
),

-- One row: one hour of which a tenant would lose rows.
fewer as (
    select s.bucket_start
    from stored as s
    left join recomputed as n on s.tenant_id = n.tenant_id and s.bucket_start = n.bucket_start
    where s.held > coalesce(n.held, 0)
)

delete from redo as r
where
    (
        r.bucket_start < cast(:judged_at as timestamptz) - cast(:horizon as interval)
        or exists (
            select from pipeline.purged_hours as b
            where b.source = :source and b.bucket_start = r.bucket_start
        )
    )
    and exists (select from pipeline.stored_hours as s where s.source = :source and s.bucket_start = r.bucket_start)
    and (
        r.bucket_start not in (
            select n.bucket_start from recomputed as n
            union all
            select j.bucket_start from pg_temp.rejected_by_tenant as j
        )
        or (not :even_if_fewer and r.bucket_start in (select f.bucket_start from fewer as f))
    )
