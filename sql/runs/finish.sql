update pipeline.runs
set
    state = :state,
    finished_at = clock_timestamp(),
    data_through = cast(cast(:report as jsonb) ->> 'data_through' as timestamptz),
    report = cast(:report as jsonb),
    error = :error
where run_id = :run_id
