-- The same of the platform's files.
update pipeline.platform_files
set
    is_former = true,
    superseded_at = case when not :kept then coalesce(superseded_at, clock_timestamp()) else superseded_at end
where not is_former
