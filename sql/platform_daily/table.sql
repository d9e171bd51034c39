create table if not exists rollup.platform_daily (
    day date primary key,
    active_tenants bigint not null,
    requests bigint not null,
    ai_tokens numeric not null,
    cost numeric,
    mrr numeric,
    unknown_costs bigint not null default 0
);
comment on table rollup.platform_daily is 'The whole platform by day (the platform''s own); today''s row grows.';
comment on column rollup.platform_daily.day is 'Calendar day in the platform''s zone.';
comment on column rollup.platform_daily.active_tenants is 'Tenants with at least one request or usage record.';
comment on column rollup.platform_daily.requests is 'Requests.';
comment on column rollup.platform_daily.ai_tokens is 'AI tokens.';
comment on column rollup.platform_daily.cost is
'Sum of the known amounts of cost_daily of this date, each tenant''s in its own zone; null where there is no line, or '
'none with an amount: see unknown_costs.';
comment on column rollup.platform_daily.mrr is
'Sum of the known amounts of mrr_daily; null where no subscription counts, or none with a known amount.';
comment on column rollup.platform_daily.unknown_costs is 'Lines of cost_daily of this date without an amount.';

create table if not exists pipeline.marked_platform_days (day date not null);
comment on table pipeline.marked_platform_days is
'Days of the platform whose sums have changed and are to be made anew; a day may be marked more than once.';
comment on column pipeline.marked_platform_days.day is 'Calendar day in the platform''s zone.';
