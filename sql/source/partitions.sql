-- One row: the table itself, and each of its partitions at every level, with the times that its bounds let in: all
-- times unless it, or what it is a partition of, is cut by the range of :created_at alone.
with recursive tree as (
    select
        cast(:oid as oid) as oid,
        timestamptz '-infinity' as from_time,
        timestamptz 'infinity' as to_time
    union all
    select
        c.oid,
        greatest(t.from_time, case when k.partrelid is not null then b.bounds[1]::timestamptz end),
        least(t.to_time, case when k.partrelid is not null then b.bounds[2]::timestamptz end)
    from tree as t
    inner join pg_catalog.pg_inherits as i on t.oid = i.inhparent
    inner join pg_catalog.pg_class as c on i.inhrelid = c.oid
    left join pg_catalog.pg_partitioned_table as k
        on
            t.oid = k.partrelid
            and k.partstrat = 'r'
            and k.partnatts = 1
            and k.partattrs[0] in (
                select a.attnum
                from pg_catalog.pg_attribute as a
                where a.attrelid = k.partrelid and a.attname = :created_at
            )
    cross join lateral (
        -- MINVALUE and MAXVALUE stand there without quotes; a default partition has no bounds at all.
        select array[
            substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \(''([^'']*)''\)'),
            substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''([^'']*)''\)')
        ] as bounds
    ) as b
)

select
    c.oid::bigint as oid,
    format('%I.%I', n.nspname, c.relname) as name,
    c.relkind::text as kind,
    t.from_time::text as from_time,
    t.to_time::text as to_time,
    row_security_active(c.oid) as hides_rows
from tree as t
inner join pg_catalog.pg_class as c on t.oid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
order by c.oid
