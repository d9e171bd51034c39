-- Whether there is a book, the currency that it counts in, and whether amounts in it are stored.
select
    p.currency,
    (select count(*) from pipeline.books) > 0 as known,
    exists (select from rollup.cost_daily as c where c.amount is not null)
    or exists (select from rollup.mrr_daily as m where m.mrr is not null) as is_used
from pipeline.progress as p
