create table if not exists pipeline.marked_days (
    rollup text not null check (rollup in ('api_daily', 'usage_daily')),
    tenant_id @tenant_id_type not null,
    day date not null,
    marked_at timestamptz not null default clock_timestamp()
);
comment on table pipeline.marked_days is
'Days to merge anew although none of their hours changed, such as one that somebody edited by hand. '
'Appended only; deleted by the tick that merges them.';
comment on column pipeline.marked_days.rollup is 'api_daily or usage_daily.';
comment on column pipeline.marked_days.tenant_id is 'Tenant.';
comment on column pipeline.marked_days.day is 'Calendar day in the tenant''s zone.';
comment on column pipeline.marked_days.marked_at is 'When.';
