-- The same of the platform's files.
update pipeline.platform_files
set superseded_at = '-infinity'
where is_former and superseded_at is not null
