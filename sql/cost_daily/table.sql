create table if not exists rollup.cost_daily (
    tenant_id @tenant_id_type not null,
    day date not null,
    item text collate "C" not null,
    price_from timestamptz not null,
    quantity numeric not null,
    unit_size numeric,
    unit_price numeric,
    currency text,
    native_amount numeric,
    fx_rate numeric,
    fx_date date,
    fx_source text,
    amount numeric,
    missing text,
    primary key (tenant_id, day, item, price_from)
);
create index if not exists cost_daily_day on rollup.cost_daily (day);
comment on table rollup.cost_daily is
'Cost by tenant, day (the tenant''s own), item and price. A day whose price changes has a line for each. Amounts are '
'exact, not rounded. A closed day changes by late usage, at the prices of its own time, and by reprice alone.';
comment on column rollup.cost_daily.tenant_id is 'Tenant.';
comment on column rollup.cost_daily.day is 'Calendar day in the tenant''s zone.';
comment on column rollup.cost_daily.item is 'What is priced: a quota_type, or api_calls.';
comment on column rollup.cost_daily.price_from is 'effective_from of the price; -infinity where there is none.';
comment on column rollup.cost_daily.quantity is 'Units used while this price was in force.';
comment on column rollup.cost_daily.unit_size is 'How many units unit_price is for.';
comment on column rollup.cost_daily.unit_price is 'Price of unit_size units, in currency.';
comment on column rollup.cost_daily.currency is 'Currency of the price, ISO 4217.';
comment on column rollup.cost_daily.native_amount is 'quantity * unit_price / unit_size, in currency.';
comment on column rollup.cost_daily.fx_rate is 'Platform currency for one of currency; 1 where they are the same.';
comment on column rollup.cost_daily.fx_date is
'Day of the rate: before the day itself where that has none and the last one is carried; null where none is needed.';
comment on column rollup.cost_daily.fx_source is 'Who published the rate.';
comment on column rollup.cost_daily.amount is 'native_amount * fx_rate, in the platform''s currency; null: not known.';
comment on column rollup.cost_daily.missing is
'Why amount is null: no_price, overlapping_prices, unusable_price, no_rate, ambiguous_rate.';
