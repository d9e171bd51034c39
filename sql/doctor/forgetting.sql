-- One row: one tenant that was to be forgotten and has not been to the end.
select
    digest,
    forgotten_at,
    cardinality(to_invalidate) as paths
from pipeline.forgotten
where finished_at is null
order by forgotten_at
