create table if not exists rollup.mrr_daily (
    day date not null,
    plan text collate "C" not null,
    tenants bigint not null,
    subscriptions bigint not null,
    mrr numeric,
    unpriced bigint not null default 0,
    primary key (day, plan)
);
comment on table rollup.mrr_daily is
'Monthly recurring revenue by day (the platform''s) and plan, as of the end of the day; of today, as of '
'pipeline.progress.data_through. In the platform''s currency.';
comment on column rollup.mrr_daily.day is 'Calendar day in the platform''s zone.';
comment on column rollup.mrr_daily.plan is 'Plan of the subscription; listed from its first day on.';
comment on column rollup.mrr_daily.tenants is 'Tenants with a subscription that counts.';
comment on column rollup.mrr_daily.subscriptions is 'Subscriptions that count.';
comment on column rollup.mrr_daily.mrr is
'Sum over subscriptions whose amount and rate are known, exact; null where none is, 0 where none counts any more.';
comment on column rollup.mrr_daily.unpriced is 'Subscriptions that count whose amount or rate is not known.';
