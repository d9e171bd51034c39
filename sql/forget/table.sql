-- A forgotten tenant is recognised by a digest of its id, and never by the id itself.
create or replace function pipeline.digest_of(salt bytea, id text) returns text
language sql immutable parallel safe
return encode(sha256(salt || convert_to(id, 'UTF8')), 'hex');
comment on function pipeline.digest_of is 'By what a forgotten tenant is recognised: a keyed hash of its id.';

create table if not exists pipeline.forgotten (
    digest text primary key,
    forgotten_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    swept_until timestamptz not null,
    keys text[] not null default '{}',
    to_invalidate text[] not null default '{}',
    receipt jsonb not null default '{}'
);
comment on table pipeline.forgotten is
'Tenants that were forgotten: nothing of them is rolled up or published, whatever comes. Kept for ever, without an id.';
comment on column pipeline.forgotten.digest is 'Keyed hash of the id: pipeline.digest_of.';
comment on column pipeline.forgotten.forgotten_at is 'When it was forgotten first.';
comment on column pipeline.forgotten.finished_at is
'When all was erased; null: not yet, and forget has to be run again.';
comment on column pipeline.forgotten.swept_until is
'Until when each publish looks whether a late one has left something.';
comment on column pipeline.forgotten.keys is 'Its folders in the store, old ones too: a tombstone stands in each.';
comment on column pipeline.forgotten.to_invalidate is
'Paths that have changed or gone and of which the edge has not been told yet.';
comment on column pipeline.forgotten.receipt is 'What was erased.';

create table if not exists pipeline.stand_ins (tenant_id @tenant_id_type primary key);
comment on table pipeline.stand_ins is
'Random ids under which the sums of forgotten tenants stay, so that the platform''s past does not change. Nothing says '
'which of them stands for whom.';
comment on column pipeline.stand_ins.tenant_id is 'The random id.';

create or replace function pipeline.new_stand_in() returns @tenant_id_type
language sql volatile
as $tenantcast$
-- A number is below all that count upwards.
select (
    case '@tenant_id_type'
        when 'uuid' then gen_random_uuid()::text
        when 'text' then 'forgotten-' || gen_random_uuid()
        when 'integer' then (-(('x' || left(md5(gen_random_uuid()::text), 7))::bit(28)::int) - 1)::text
        when 'bigint' then (-(('x' || left(md5(gen_random_uuid()::text), 15))::bit(60)::bigint) - 1)::text
        else left(gen_random_uuid()::text, 36)
    end
)::@tenant_id_type
$tenantcast$;
comment on function pipeline.new_stand_in is 'A random id of the type that tenants'' ids have.';

create or replace function pipeline.is_remembered(id text) returns boolean
language sql stable parallel safe
as $$
select not exists (
    select
    from pipeline.progress as g
    inner join pipeline.forgotten as f on f.digest = pipeline.digest_of(g.forget_salt, is_remembered.id)
)
$$;
comment on function pipeline.is_remembered is
'Whether a tenant has not been forgotten. Ask first whether any has: it costs a lookup a call.';

-- Over whatever tables there are, so that none that comes later is left out.
create or replace function pipeline.erase(gone @tenant_id_type, only_count boolean)
returns table (
    name text,
    rows bigint
)
language plpgsql
as $tenantcast$
declare
    place record;
begin
    for place in
        select
            n.nspname as schema_name,
            c.relname as table_name
        from pg_catalog.pg_attribute as a
        inner join pg_catalog.pg_class as c on a.attrelid = c.oid
        inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
        where
            n.nspname in ('pipeline', 'rollup')
            and a.attname = 'tenant_id'
            and c.relkind in ('r', 'p')
            and not c.relispartition
        order by n.nspname, c.relname
    loop
        name := place.schema_name || '.' || place.table_name;
        if only_count then
            execute format('select count(*) from %I.%I where tenant_id = $1', place.schema_name, place.table_name)
            into rows
            using gone;
        else
            execute format('delete from %I.%I where tenant_id = $1', place.schema_name, place.table_name) using gone;
            get diagnostics rows = row_count;
        end if;
        if rows > 0 then
            return next;
        end if;
    end loop;
end
$tenantcast$;
comment on function pipeline.erase is
'Deletes a tenant''s rows, or only counts them, in every table of ours that has a tenant_id; one row a table.';
