create table if not exists pipeline.subscription_versions (
    subscription_id text collate "C" not null,
    day_from date not null,
    tenant_id @tenant_id_type not null,
    plan text collate "C" not null,
    status text not null,
    monthly numeric,
    problem text,
    currency text not null,
    started_at timestamptz,
    ended_at timestamptz,
    trial_ends_at timestamptz,
    gone boolean not null default false,
    seen_on date not null,
    primary key (subscription_id, day_from)
);
create index if not exists subscription_versions_tenant on pipeline.subscription_versions (tenant_id);
comment on table pipeline.subscription_versions is
'Subscriptions as the ticks saw them. A change adds a version from the day on that it was seen, so a day once taken '
'keeps its amounts; the dates of the newest version hold for all of them.';
comment on column pipeline.subscription_versions.subscription_id is 'Id of the subscription, as text.';
comment on column pipeline.subscription_versions.day_from is
'First day (the platform''s) of this version; -infinity: the first one, which stands for all days before, too.';
comment on column pipeline.subscription_versions.tenant_id is 'Tenant.';
comment on column pipeline.subscription_versions.plan is 'Plan, at most 300 characters; (none) where there is none.';
comment on column pipeline.subscription_versions.status is 'Status in lower case; empty where there is none.';
comment on column pipeline.subscription_versions.monthly is
'Amount a month in currency, rounded to 4 decimals; null: not known.';
comment on column pipeline.subscription_versions.problem is
'Why monthly is null: no_amount, unusable_amount, no_interval, unknown_interval.';
comment on column pipeline.subscription_versions.currency is 'Currency of monthly, ISO 4217.';
comment on column pipeline.subscription_versions.started_at is
'When it started; null: not known, and it counts from seen_on on.';
comment on column pipeline.subscription_versions.ended_at is 'When it ends; null: open.';
comment on column pipeline.subscription_versions.trial_ends_at is 'When its trial ends; null: no trial, or not known.';
comment on column pipeline.subscription_versions.gone is 'True: the row was no longer there.';
comment on column pipeline.subscription_versions.seen_on is 'Day on which a tick saw the subscription first.';
