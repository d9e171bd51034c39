-- Held by the transaction: two publishers never work on one slot. :key is ours alone among advisory locks.
select pg_try_advisory_xact_lock(:key, :slot) as locked
