-- One row: one partition that somebody was stopped while taking off its table.
select
    i.inhparent::regclass::text as relation,
    i.inhrelid::regclass::text as part
from pg_catalog.pg_inherits as i
inner join pg_catalog.pg_class as c on i.inhparent = c.oid
where
    i.inhdetachpending
    and (c.relnamespace::regnamespace::text in ('rollup', 'pipeline') or i.inhparent = any(cast(:oids as oid[])))
order by i.inhrelid
