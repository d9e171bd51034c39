-- The marks of one raw table, written by the writer's own statement. SECURITY DEFINER with a pinned search_path: the
-- SaaS's role needs no right on the ledger, and nothing of its session can bend these names.
create or replace function pipeline.mark_@source_insert() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into pipeline.marks (source, tenant_id, bucket_start, added)
    select
        '@source',
        n.@tenant_id,
        pipeline.hour_of(pipeline.utc(n.@created_at)),
        count(*)
    from new_rows as n
    where n.@created_at is not null
    group by n.@tenant_id, pipeline.hour_of(pipeline.utc(n.@created_at));
    return null;
end
$$;

create or replace function pipeline.mark_@source_delete() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into pipeline.marks (source, tenant_id, bucket_start, removed)
    select
        '@source',
        o.@tenant_id,
        pipeline.hour_of(pipeline.utc(o.@created_at)),
        count(*)
    from old_rows as o
    where o.@created_at is not null
    group by o.@tenant_id, pipeline.hour_of(pipeline.utc(o.@created_at));
    return null;
end
$$;

-- An update marks the old place and the new one.
create or replace function pipeline.mark_@source_update() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into pipeline.marks (source, tenant_id, bucket_start, added, removed)
    select
        '@source',
        c.tenant_id,
        c.bucket_start,
        sum(c.added),
        sum(c.removed)
    from (
        select n.@tenant_id as tenant_id, pipeline.hour_of(pipeline.utc(n.@created_at)) as bucket_start, 1 as added, 0 as removed
        from new_rows as n
        union all
        select o.@tenant_id, pipeline.hour_of(pipeline.utc(o.@created_at)), 0, 1
        from old_rows as o
    ) as c
    where c.bucket_start is not null
    group by c.tenant_id, c.bucket_start;
    return null;
end
$$;

-- TRUNCATE has no transition tables: every hour that is stored of the table is marked whole.
create or replace function pipeline.mark_@source_truncate() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into pipeline.marks (source, whole, bucket_start)
    select distinct '@source', true, s.bucket_start
    from (
        select h.bucket_start from rollup.@hourly as h
        union all
        select r.bucket_start from rollup.rejected_hourly as r where r.source = '@source'
    ) as s;
    return null;
end
$$;
