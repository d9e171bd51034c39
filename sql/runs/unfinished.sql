-- One row: the last run of this verb that was asked for the same, unless it ended well.
select
    run_id,
    state,
    report
from pipeline.runs
where verb = :verb and reason = :reason and report @> cast(:asked as jsonb) and run_id <> :run_id
order by run_id desc
limit 1
