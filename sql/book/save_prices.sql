insert into pipeline.book_prices (
    item,
    piece_from,
    piece_to,
    price_from,
    unit_size,
    amount,
    currency,
    problem,
    book_from
)
select
    r.item,
    r.piece_from,
    r.piece_to,
    r.price_from,
    r.unit_size,
    r.amount,
    r.currency,
    r.problem,
    :book
from right_prices as r
where
    not exists (
        select from pipeline.book_prices as k
        where k.book_to is null and k.item = r.item and k.piece_from = r.piece_from
    )
