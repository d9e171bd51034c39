-- One row: one run of the week before :now that did not say its end and that no session can be at any more.
select
    r.run_id,
    r.verb,
    r.started_at,
    exists(
        select from pipeline.runs as l
        where l.verb = r.verb and l.run_id > r.run_id and l.state = 'done'
    ) as was_made_good
from pipeline.runs as r
where
    r.state = 'running'
    and r.started_at between cast(:now as timestamptz) - interval '7 days'
    and cast(:now as timestamptz) - interval '1 minute'
    and not exists (
        select from pg_catalog.pg_stat_activity as a
        where
            a.datname = current_database()
            and a.application_name = 'tenantcast'
            and a.pid <> pg_backend_pid()
            and a.backend_start <= r.started_at
    )
order by r.run_id
