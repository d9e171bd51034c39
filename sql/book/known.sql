-- Whether there is a book, and the currency that it counts in.
select
    p.currency,
    (select count(*) > 0 from pipeline.books) as known
from pipeline.progress as p
