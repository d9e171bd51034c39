-- The same of the platform's files.
update pipeline.platform_files
set superseded_at = case when kind = 'summary' then '-infinity' else clock_timestamp() end
where is_former and superseded_at is null
