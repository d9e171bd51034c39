-- Marks that this snapshot sees; what a TRUNCATE emptied waits as well, though its hours are marked by the next tick.
insert into waiting (whole, tenant_id, bucket_start)
select
    m.whole,
    m.tenant_id,
    m.bucket_start
from pipeline.marks as m
where m.source = :source and m.bucket_start >= :start and m.bucket_start < :end
union
select
    true,
    null,
    r.bucket_start
from pipeline.emptied as e
left join pipeline.watched as w on e.oid = w.oid
inner join redo as r
    on
        r.bucket_start >= coalesce(pipeline.hour_of(nullif(w.from_time, '-infinity')), '-infinity')
        and r.bucket_start < coalesce(w.to_time, 'infinity')
where e.source = :source
