-- One row: one folder of a forgotten tenant in which a late publisher may still have left something.
select distinct k.key
from pipeline.forgotten as f
cross join lateral unnest(f.keys) as k (key)
where f.swept_until > clock_timestamp()
order by k.key
