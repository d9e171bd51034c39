-- Takes what has been emptied, and the watched relations that are no part of the raw table any more: detached or
-- dropped, their rows went without a mark. One row: one range of times; all times where the bounds are not known.
with gone as (
    delete from pipeline.watched
    where source = :source and not oid = any(cast(:oids as oid[]))
    returning from_time, to_time
),

emptied as (
    delete from pipeline.emptied
    where source = :source
    returning oid, emptied_at
),

ranges as (
    select
        g.from_time,
        g.to_time,
        clock_timestamp() as marked_at
    from gone as g
    union all
    select
        coalesce(w.from_time, '-infinity'),
        coalesce(w.to_time, 'infinity'),
        e.emptied_at
    from emptied as e
    left join pipeline.watched as w on e.oid = w.oid
)

select
    from_time::text as from_time,
    to_time::text as to_time,
    min(marked_at) as marked_at
from ranges
group by from_time, to_time
