delete from pipeline.exports
where
    path = :path
    and superseded_at is not null
