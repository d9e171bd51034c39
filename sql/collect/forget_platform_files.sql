delete from pipeline.platform_files
where
    path = :path
    and superseded_at is not null
