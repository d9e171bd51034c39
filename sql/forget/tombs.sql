-- One row: one folder of a forgotten tenant, in which a tombstone stands.
select distinct k.key
from pipeline.forgotten as f
cross join lateral unnest(f.keys) as k (key)
