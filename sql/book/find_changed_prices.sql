insert into changed_prices (item, piece_from, piece_to)
select
    coalesce(r.item, k.item),
    least(r.piece_from, k.piece_from),
    greatest(r.piece_to, k.piece_to)
from right_prices as r
full join (
    select *
    from pipeline.book_prices
    where book_to is null
) as k on r.item = k.item and r.piece_from = k.piece_from
where
    (r.piece_to, r.price_from, r.unit_size, r.amount, r.currency, r.problem)
    is distinct from (k.piece_to, k.price_from, k.unit_size, k.amount, k.currency, k.problem)
