-- One row: one relation whose rows from before the triggers have been marked.
select
    oid::bigint as oid,
    from_time::text as from_time,
    to_time::text as to_time
from pipeline.watched
where source = :source
