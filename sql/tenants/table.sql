create table if not exists pipeline.zones (
    timezone text primary key,
    problem text
);
comment on table pipeline.zones is 'Time zones that tenants name, and why one cannot be used.';
comment on column pipeline.zones.timezone is 'Zone as a tenant names it.';
comment on column pipeline.zones.problem is 'Why days cannot be made in it; null where they can.';

create table if not exists pipeline.tenant_state (
    tenant_id @tenant_id_type primary key,
    name text,
    plan text,
    timezone text,
    zone text,
    deleted boolean not null,
    -- Publishing works through 64 slots, one lock each, so that shards share the work and never a tenant.
    slot smallint not null,
    next_change_at timestamptz,
    published_through timestamptz,
    failure text
);
create index if not exists tenant_state_due on pipeline.tenant_state (next_change_at);
comment on table pipeline.tenant_state is
'What is known of each tenant: as its row said at the last tick, and how its publishing is.';
comment on column pipeline.tenant_state.tenant_id is 'Tenant.';
comment on column pipeline.tenant_state.name is 'Name.';
comment on column pipeline.tenant_state.plan is 'Plan.';
comment on column pipeline.tenant_state.timezone is 'Zone that it asks for; the platform''s where it names none.';
comment on column pipeline.tenant_state.zone is 'Zone its days are in; null where the one it asks for cannot be used.';
comment on column pipeline.tenant_state.deleted is 'Deleted by the SaaS: nothing more is published, its files go.';
comment on column pipeline.tenant_state.slot is 'Publishing slot, 0 to 63.';
comment on column pipeline.tenant_state.next_change_at is
'When its files next change without new data: a bucket leaves a window. Null: never.';
comment on column pipeline.tenant_state.published_through is 'data_through of its last successful publish.';
comment on column pipeline.tenant_state.failure is 'Why its last publish failed; its last good files stay.';
