-- One row: one relation that carries triggers of ours for :source, and lacks columns that they would read from now on.
select distinct t.tgrelid::regclass::text as relation
from pg_catalog.pg_trigger as t
inner join pg_catalog.pg_proc as p on t.tgfoid = p.oid
inner join pg_catalog.pg_namespace as n on p.pronamespace = n.oid
where
    n.nspname = 'pipeline'
    and starts_with(p.proname, 'mark_' || :source || '_')
    and (
        select count(*)
        from pg_catalog.pg_attribute as a
        where
            a.attrelid = t.tgrelid
            and not a.attisdropped
            and a.attname = any(array[:tenant_id, :created_at])
    ) < 2
order by relation
