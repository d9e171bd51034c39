-- One row: one publication of logical replication that takes in tables of ours whose deleted rows nothing identifies.
select
    p.pubname::text as publication,
    p.puballtables as of_all_tables,
    array_agg(format('%I.%I', n.nspname, c.relname) order by n.nspname, c.relname) as relations
from pg_catalog.pg_publication_tables as t
inner join pg_catalog.pg_publication as p on t.pubname = p.pubname
inner join pg_catalog.pg_namespace as n on t.schemaname = n.nspname
inner join pg_catalog.pg_class as c on n.oid = c.relnamespace and t.tablename = c.relname
where
    n.nspname in ('pipeline', 'rollup')
    and (p.pubdelete or p.pubupdate)
    and (
        c.relreplident = 'n'
        or (
            c.relreplident = 'd'
            and not exists (select from pg_catalog.pg_index as i where i.indrelid = c.oid and i.indisprimary)
        )
    )
group by p.pubname, p.puballtables
order by p.pubname
