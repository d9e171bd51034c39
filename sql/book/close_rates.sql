update pipeline.book_rates as k
set book_to = :book
from changed_rates as c
where k.book_to is null and k.base = c.base and k.rate_date = c.rate_date
