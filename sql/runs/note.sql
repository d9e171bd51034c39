-- What a run that goes on has done so far.
update pipeline.runs
set report = cast(:report as jsonb)
where run_id = :run_id
