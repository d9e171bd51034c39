update pipeline.progress
set status_planned = :status_hash
