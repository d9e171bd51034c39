-- The price book: prices and rates as the ticks saw them. A row is known from one book on and until another, so what
-- was known at any time can be read again, and a closed day is a snapshot.
create table if not exists pipeline.books (
    book bigint generated always as identity primary key,
    seen_after timestamptz not null,
    seen_at timestamptz not null
);
create index if not exists books_seen_after on pipeline.books (seen_after);
comment on table pipeline.books is 'States of the price book, in order; each differs from the one before.';
comment on column pipeline.books.book is 'Number.';
comment on column pipeline.books.seen_after is
'Where the rollups stood when a tick saw it first: days that had closed by then are judged by an earlier book.';
comment on column pipeline.books.seen_at is 'Hour that this tick worked up to.';

create table if not exists pipeline.book_prices (
    item text collate "C" not null,
    piece_from timestamptz not null,
    piece_to timestamptz not null,
    price_from timestamptz not null,
    unit_size numeric,
    amount numeric,
    currency text,
    problem text,
    book_from bigint not null,
    book_to bigint
);
create index if not exists book_prices_item on pipeline.book_prices (item, piece_from);
-- Whether a price begins or ends within a day.
create index if not exists book_prices_from on pipeline.book_prices (piece_from);
create index if not exists book_prices_to on pipeline.book_prices (piece_to);
comment on table pipeline.book_prices is
'Which price is in force when: pieces of time that do not overlap within a book.';
comment on column pipeline.book_prices.item is 'A quota_type, or api_calls.';
comment on column pipeline.book_prices.piece_from is 'First hour.';
comment on column pipeline.book_prices.piece_to is 'End, exclusive; infinity: open.';
comment on column pipeline.book_prices.price_from is 'effective_from of the price; -infinity where there is a problem.';
comment on column pipeline.book_prices.unit_size is 'Units that amount is for.';
comment on column pipeline.book_prices.amount is 'Price of unit_size units, in currency.';
comment on column pipeline.book_prices.currency is 'Currency, ISO 4217.';
comment on column pipeline.book_prices.problem is
'overlapping_prices or unusable_price; null where the price can be used.';
comment on column pipeline.book_prices.book_from is 'First book that has it.';
comment on column pipeline.book_prices.book_to is 'First book that no longer has it; null: still there.';

create table if not exists pipeline.book_rates (
    base text not null,
    rate_date date not null,
    rate numeric,
    source text,
    problem text,
    book_from bigint not null,
    book_to bigint
);
create index if not exists book_rates_place on pipeline.book_rates (base, rate_date);
comment on table pipeline.book_rates is 'Exchange rates into the platform''s currency.';
comment on column pipeline.book_rates.base is 'Currency, ISO 4217.';
comment on column pipeline.book_rates.rate_date is 'Day of the rate.';
comment on column pipeline.book_rates.rate is '1 base in the platform''s currency.';
comment on column pipeline.book_rates.source is 'Who published it.';
comment on column pipeline.book_rates.problem is
'ambiguous_rate: different rates for one day; null where it can be used.';
comment on column pipeline.book_rates.book_from is 'First book that has it.';
comment on column pipeline.book_rates.book_to is 'First book that no longer has it; null: still there.';

create table if not exists pipeline.repricings (
    repricing bigint generated always as identity primary key,
    first_day date not null,
    last_day date not null,
    book bigint not null,
    reason text not null,
    applied_at timestamptz not null default clock_timestamp()
);
comment on table pipeline.repricings is 'Days that were priced anew on purpose, and by which book.';
comment on column pipeline.repricings.repricing is 'Number.';
comment on column pipeline.repricings.first_day is 'First day, in the tenants'' own zones.';
comment on column pipeline.repricings.last_day is 'Last day, inclusive.';
comment on column pipeline.repricings.book is 'Book that they are judged by from then on.';
comment on column pipeline.repricings.reason is 'Why.';
comment on column pipeline.repricings.applied_at is 'When.';

-- The book by which what closes at a time is judged for ever: a tick that had not yet seen it close could still learn.
create or replace function pipeline.book_at(closes_at timestamptz) returns bigint
language sql stable parallel safe
as $$
select max(b.book) from pipeline.books as b where b.seen_after < closes_at
$$;
comment on function pipeline.book_at is 'The book by which what closes at a time is judged.';

create or replace function pipeline.book_of(day date, closes_at timestamptz) returns bigint
language sql stable parallel safe
as $$
select greatest(
    pipeline.book_at(closes_at),
    (select max(r.book) from pipeline.repricings as r where day between r.first_day and r.last_day)
)
$$;
comment on function pipeline.book_of is 'The book by which the costs of a day are judged.';

-- A day without a rate carries the last one.
create or replace function pipeline.rate_on(currency text, day date, book bigint)
returns table (
    rate numeric,
    rate_date date,
    source text,
    problem text
)
language sql stable parallel safe
as $$
select
    case when p.own then 1::numeric else r.rate end,
    r.rate_date,
    r.source,
    case when p.own then null else coalesce(r.problem, case when r.rate is null then 'no_rate' end) end
from (select rate_on.currency = g.currency as own from pipeline.progress as g) as p
left join lateral (
    select
        k.rate,
        k.rate_date,
        k.source,
        k.problem
    from pipeline.book_rates as k
    where
        not p.own
        and k.base = rate_on.currency
        and k.rate_date <= rate_on.day
        and k.book_from <= rate_on.book
        and (k.book_to is null or k.book_to > rate_on.book)
    order by k.rate_date desc
    limit 1
) as r on true
$$;
comment on function pipeline.rate_on is
'The rate of a currency into the platform''s on a day, by a book; a problem says why there is none.';
