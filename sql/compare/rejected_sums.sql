-- Hours whose rejected rows are not the sum of those of their tenants. Both are stored, so nothing can be waiting.
insert into differing (rollup, bucket_start, names, what, stored, recomputed, waiting)
select
    'rejected_hourly',
    coalesce(s.bucket_start, n.bucket_start) as bucket_start,
    count(*),
    array_agg(coalesce(s.reason, n.reason) order by coalesce(s.reason, n.reason)),
    coalesce(sum(s.rows), 0),
    coalesce(sum(n.rows), 0),
    false
from (
    select
        h.bucket_start,
        h.reason,
        h.rows
    from rollup.rejected_hourly as h
    where h.source = :source and h.bucket_start in (select r.bucket_start from redo as r)
) as s
full join pg_temp.rejected_hourly as n on s.bucket_start = n.bucket_start and s.reason = n.reason
where s.rows is distinct from n.rows
group by coalesce(s.bucket_start, n.bucket_start)
