update pipeline.progress
set
    published_through = greatest(published_through, :through),
    status_hash = :status_hash
