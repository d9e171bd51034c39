-- Keeps every other export out until the transaction ends.
select
    set_config('idle_in_transaction_session_timeout', '0', true) as timeout,
    pg_try_advisory_xact_lock(:key) as held
