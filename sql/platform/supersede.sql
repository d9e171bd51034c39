update pipeline.platform_files
set superseded_at = :at
where
    kind = :kind
    and page = :page
    and superseded_at is null
