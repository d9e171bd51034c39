-- Takes a shard's slots for this transaction; gives those that another publisher holds. :key is ours alone.
select s.slot
from generate_series(cast(:shard as int), cast(:slots as int) - 1, cast(:shards as int)) as s (slot)
where not pg_try_advisory_xact_lock(:key, s.slot)
