create table if not exists pipeline.mrr_progress (
    only_row boolean primary key default true check (only_row),
    definition text not null,
    timezone text not null,
    day_through date not null
);
comment on table pipeline.mrr_progress is
'At most one row: how far MRR is. Where it is missing, the next tick derives all days anew from '
'pipeline.subscription_versions.';
comment on column pipeline.mrr_progress.only_row is 'Holds the table to one row.';
comment on column pipeline.mrr_progress.definition is 'Definition by which MRR is worked out: default-1, chartmogul-1.';
comment on column pipeline.mrr_progress.timezone is 'Zone of its days.';
comment on column pipeline.mrr_progress.day_through is 'Last day that there is; it grows until it is over.';

create table if not exists pipeline.mrr_rates (
    currency text not null,
    day date not null,
    book bigint,
    rate numeric,
    primary key (currency, day)
);
comment on table pipeline.mrr_rates is 'Exchange rates by which the days of MRR have been worked out.';
comment on column pipeline.mrr_rates.currency is 'Currency, ISO 4217; never the platform''s own.';
comment on column pipeline.mrr_rates.day is 'Calendar day in the platform''s zone.';
comment on column pipeline.mrr_rates.book is 'Price book by which the day is judged.';
comment on column pipeline.mrr_rates.rate is 'Platform currency for one of currency; null: none is known.';
