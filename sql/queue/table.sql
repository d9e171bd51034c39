create table if not exists pipeline.queue (
    entry_id bigint generated always as identity primary key,
    tenant_id @tenant_id_type not null,
    day date,
    data_through timestamptz not null,
    queued_at timestamptz not null default clock_timestamp()
)
with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
create index if not exists queue_tenant on pipeline.queue (tenant_id);
comment on table pipeline.queue is
'What the tick changed and publishing has not looked at yet. Appended only; a publisher deletes the entries it read.';
comment on column pipeline.queue.entry_id is 'Number.';
comment on column pipeline.queue.tenant_id is 'Tenant whose numbers may have changed.';
comment on column pipeline.queue.day is 'The tenant''s day that changed; null: its name, plan, zone or quotas.';
comment on column pipeline.queue.data_through is
'Hour that the tick worked up to: a publish through an earlier one leaves the entry to those that follow.';
comment on column pipeline.queue.queued_at is 'When.';
