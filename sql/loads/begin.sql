-- Makes this transaction read times without a zone as UTC, and wait for another load of the same content.
select
    set_config('timezone', 'UTC', true) as timezone,
    pg_advisory_xact_lock(hashtextextended(:target_table || ' ' || :sha256, 0)) as waited
