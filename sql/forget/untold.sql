-- The paths of which the edge has not been told yet.
select distinct p.path
from pipeline.forgotten as f
cross join lateral unnest(f.to_invalidate) as p (path)
where f.digest = :digest
order by p.path
