-- One row: the last run of each verb of the platform.
select distinct on (verb)
    run_id,
    verb,
    state,
    started_at,
    finished_at,
    error
from pipeline.runs
order by verb asc, run_id desc
