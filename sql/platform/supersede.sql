update pipeline.platform_files
set superseded_at = clock_timestamp()
where
    kind = :kind
    and page = :page
    and is_former = :is_former
    and superseded_at is null
