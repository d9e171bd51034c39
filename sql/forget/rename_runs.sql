update pipeline.runs
set report = cast(:report as jsonb), reason = :reason, error = :error
where run_id = :entry
