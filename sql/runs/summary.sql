create or replace view pipeline.run_summary as
select
    r.run_id,
    r.verb,
    r.state,
    r.started_at,
    coalesce(r.finished_at, case when r.state = 'running' then clock_timestamp() end) - r.started_at as took,
    r.as_of,
    r.data_through,
    (r.report ->> 'marks')::bigint as marks,
    (r.report ->> 'buckets')::bigint as buckets,
    (r.report ->> 'oldest')::timestamptz as oldest,
    (r.report ->> 'days')::bigint as days,
    (r.report ->> 'tenants_changed')::bigint as tenants_changed,
    (r.report ->> 'tenants_queued')::bigint as tenants_queued,
    r.report -> 'rejected' as rejected,
    (
        select sum(j.value::numeric)::bigint
        from jsonb_each_text(nullif(r.report -> 'rejected', 'null')) as j (reason, value)
    ) as rejected_rows,
    (r.report #>> '{waiting,marks}')::bigint as waiting_marks,
    r.report -> 'held_back_by' as held_back_by,
    (r.report ->> 'tenants')::bigint as tenants_published,
    (r.report ->> 'files_written')::bigint as files_written,
    (r.report ->> 'files_unchanged')::bigint as files_unchanged,
    (r.report ->> 'bytes_written')::bigint as bytes_written,
    case
        when r.report ? 'failures' then (
            select count(j.tenant) from jsonb_object_keys(r.report -> 'failures') as j (tenant)
        )
    end as tenants_failed,
    (r.report ->> 'seq')::bigint as seq,
    r.error,
    r.reason,
    r.requested_by
from pipeline.runs as r;
comment on view pipeline.run_summary is
'The run ledger with what each run did as columns; null where a verb does no such thing.';
comment on column pipeline.run_summary.run_id is 'Number.';
comment on column pipeline.run_summary.verb is 'What was done: rollup, publish, status and so on.';
comment on column pipeline.run_summary.state is 'running (or killed), done, failed, or busy: somebody else was at it.';
comment on column pipeline.run_summary.started_at is 'Start.';
comment on column pipeline.run_summary.took is 'How long it took; how long it has been at it while it runs.';
comment on column pipeline.run_summary.as_of is 'The time it was asked to work as of.';
comment on column pipeline.run_summary.data_through is 'End of the last complete hour it worked up to.';
comment on column pipeline.run_summary.marks is 'Marks taken from the ledger.';
comment on column pipeline.run_summary.buckets is 'Buckets, of a tenant or of all, that were redone.';
comment on column pipeline.run_summary.oldest is 'Start of the earliest of them.';
comment on column pipeline.run_summary.days is 'Tenants'' days merged anew.';
comment on column pipeline.run_summary.tenants_changed is 'Tenants whose own row had changed.';
comment on column pipeline.run_summary.tenants_queued is 'Tenants queued to be published.';
comment on column pipeline.run_summary.rejected is 'Rows of the redone hours that cannot be used, by reason.';
comment on column pipeline.run_summary.rejected_rows is 'Their sum.';
comment on column pipeline.run_summary.waiting_marks is 'Marks left because their hour was not over.';
comment on column pipeline.run_summary.held_back_by is 'Open transactions whose rows were not there yet.';
comment on column pipeline.run_summary.tenants_published is 'Tenants that the publish looked at.';
comment on column pipeline.run_summary.files_written is 'Files written.';
comment on column pipeline.run_summary.files_unchanged is 'Files whose numbers had not changed.';
comment on column pipeline.run_summary.bytes_written is 'Bytes written, gzip.';
comment on column pipeline.run_summary.tenants_failed is
'Tenants that could not be published though nothing is wrong with their row.';
comment on column pipeline.run_summary.seq is 'The number that the files carry.';
comment on column pipeline.run_summary.error is 'Why it failed.';
comment on column pipeline.run_summary.reason is 'Why somebody asked for it on purpose.';
comment on column pipeline.run_summary.requested_by is 'Who did.';
