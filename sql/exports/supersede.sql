-- The files of a month that are not among those that hold it now.
update pipeline.exports
set superseded_at = clock_timestamp()
where
    superseded_at is null
    and place = :place
    and table_name = :table
    and month = :month
    and path <> all(cast(:paths as text[]))
