-- What was put right on purpose in [:start, :end): runs of reconcile --repair and of backfill, and the buckets and days
-- that they found different.
select
    count(*) as runs,
    coalesce(sum(d.buckets), 0)::bigint as buckets
from pipeline.runs as r
inner join lateral (
    select sum(j.value::bigint) as buckets
    from jsonb_each_text(r.report #> '{found,differing}') as j
) as d on true
where
    r.as_of >= :start
    and r.as_of < :end
    and r.state = 'done'
    and (r.verb = 'backfill' or (r.verb = 'reconcile' and jsonb_typeof(r.report -> 'repair') = 'object'))
