-- Whether there is a book, the currency that it counts in, and whether amounts in one that is not asked for are stored.
select
    p.currency,
    exists(select from pipeline.books) as known,
    p.currency <> :currency
    and (
        exists (select from rollup.cost_daily as c where c.amount is not null)
        or exists (select from rollup.mrr_daily as m where m.mrr is not null)
    ) as is_used
from pipeline.progress as p
