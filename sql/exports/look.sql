-- Months that are as they were written, looked at now.
update pipeline.exports
set data_through = :data_through
where
    superseded_at is null
    and place = :place
    and table_name = :table
    and month = any(cast(:months as text[]))
