update pipeline.book_prices as k
set book_to = :book
from changed_prices as c
where k.book_to is null and k.item = c.item and k.piece_from >= c.piece_from and k.piece_from < c.piece_to
