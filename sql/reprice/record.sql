insert into pipeline.repricings (first_day, last_day, book, reason)
select
    cast(:first_day as date),
    cast(:end_day as date) - 1,
    max(book),
    :reason
from pipeline.books
returning book
