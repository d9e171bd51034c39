-- What the price book should say; it goes with the transaction.
create temp table right_prices on commit drop as
select
    item,
    piece_from,
    piece_to,
    price_from,
    unit_size,
    amount,
    currency,
    problem
from pipeline.book_prices
with no data;

create temp table right_rates on commit drop as
select
    base,
    rate_date,
    rate,
    source,
    problem
from pipeline.book_rates
with no data;

-- What differs: an item and hours, or a currency and a day.
create temp table changed_prices on commit drop as
select
    item,
    piece_from,
    piece_to
from pipeline.book_prices
with no data;

create temp table changed_rates on commit drop as
select
    base,
    rate_date
from pipeline.book_rates
with no data;
