-- Moves the sequence behind a column past the numbers that a file brought; without this, the next row without a number
-- would get one that is taken.
select setval(cast(:sequence as regclass), :highest)
where
    :highest > coalesce(pg_sequence_last_value(cast(:sequence as regclass)), 0)
    and has_sequence_privilege(:sequence, 'update')
