create table if not exists pipeline.runs (
    run_id bigint generated always as identity primary key,
    verb text not null,
    state text not null default 'running' check (state in ('running', 'done', 'failed', 'busy')),
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    as_of timestamptz not null,
    reason text,
    requested_by text,
    data_through timestamptz,
    report jsonb not null default '{}',
    error text
);
comment on table pipeline.runs is 'The run ledger: what each run did.';
comment on column pipeline.runs.run_id is 'Number.';
comment on column pipeline.runs.verb is 'rollup, publish, status, reconcile or backfill.';
comment on column pipeline.runs.state is 'running (or killed), done, failed, or busy: somebody else was at it.';
comment on column pipeline.runs.started_at is 'Start.';
comment on column pipeline.runs.finished_at is 'End; null while running, and for ever if killed.';
comment on column pipeline.runs.as_of is 'The time it was asked to work as of.';
comment on column pipeline.runs.reason is 'Why somebody asked for it on purpose.';
comment on column pipeline.runs.requested_by is 'Who did: user of the database, user and machine of the command.';
comment on column pipeline.runs.data_through is 'End of the last complete hour it worked up to.';
comment on column pipeline.runs.report is
'What it did: marks taken, buckets redone, tenants queued, files written and skipped, seconds.';
comment on column pipeline.runs.error is 'Why it failed.';
