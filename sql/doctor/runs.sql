-- One row: the last run of one verb, and how many of it failed in the day before :now.
select distinct on (verb)
    run_id,
    verb,
    state,
    started_at,
    error,
    count(*) filter (
        where state = 'failed' and started_at > cast(:now as timestamptz) - interval '1 day'
    ) over (partition by verb) as failed
from pipeline.runs
where state <> 'busy' and started_at > cast(:now as timestamptz) - interval '7 days'
order by verb asc, run_id desc
