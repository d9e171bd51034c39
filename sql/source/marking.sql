-- The marks of one raw table, written by the writer's own statement. SECURITY DEFINER: the SaaS's role needs no right
-- on the ledger; the pinned search_path keeps its session from bending these names.
-- noqa: disable=PRS

-- Inserts are what the SaaS does all day, and pinning the search_path is a good part of what a mark costs them. So this
-- one does without it, and is as safe: every name has its schema, there is no operator and no type in it, and the
-- functions that it calls are bound already. A transition table comes before any table of its name.
-- That is said of whoever writes to the raw table, not of its owner, who can give a column a type with a cast of their
-- own: it then runs with the rights of the owner of these functions. Owners of tables that others read can do so in any
-- case, by views and policies. On a server that is shared, the pipeline's role should be no superuser.
create or replace function pipeline.mark_@source_insert() returns trigger
language plpgsql security definer
as $tenantcast$
begin
    -- A statement of one row, the commonest there is, is spared the grouping.
    insert into pipeline.marks (source, tenant_id, bucket_start, added)
    select
        '@source',
        n.@tenant_id,
        pipeline.bucket_of(pipeline.utc(n.@created_at)),
        1
    from new_rows as n
    where not exists (select from new_rows offset 1);
    if found then
        return null;
    end if;
    insert into pipeline.marks (source, tenant_id, bucket_start, added)
    select
        '@source',
        n.@tenant_id,
        pipeline.bucket_of(pipeline.utc(n.@created_at)),
        pg_catalog.count(*)
    from new_rows as n
    group by n.@tenant_id, pipeline.bucket_of(pipeline.utc(n.@created_at));
    return null;
end
$tenantcast$;

create or replace function pipeline.mark_@source_delete() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $tenantcast$
begin
    insert into pipeline.marks (source, tenant_id, bucket_start, removed)
    select
        '@source',
        o.@tenant_id,
        pipeline.bucket_of(pipeline.utc(o.@created_at)),
        count(*)
    from old_rows as o
    group by o.@tenant_id, pipeline.bucket_of(pipeline.utc(o.@created_at));
    return null;
end
$tenantcast$;

-- An update marks the old place and the new one.
create or replace function pipeline.mark_@source_update() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $tenantcast$
begin
    insert into pipeline.marks (source, tenant_id, bucket_start, added, removed)
    select
        '@source',
        c.tenant_id,
        c.bucket_start,
        sum(c.added),
        sum(c.removed)
    from (
        select n.@tenant_id as tenant_id, pipeline.bucket_of(pipeline.utc(n.@created_at)) as bucket_start, 1 as added, 0 as removed
        from new_rows as n
        union all
        select o.@tenant_id, pipeline.bucket_of(pipeline.utc(o.@created_at)), 0, 1
        from old_rows as o
    ) as c
    group by c.tenant_id, c.bucket_start;
    return null;
end
$tenantcast$;

-- TRUNCATE has no transition tables, and the writer's snapshot may be older than what is stored: the next tick marks
-- what is stored within the relation's bounds.
create or replace function pipeline.mark_@source_truncate() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $tenantcast$
begin
    insert into pipeline.emptied (oid, source) values (tg_relid, '@source');
    return null;
end
$tenantcast$;
