insert into pipeline.book_rates (base, rate_date, rate, source, problem, book_from)
select
    r.base,
    r.rate_date,
    r.rate,
    r.source,
    r.problem,
    :book
from right_rates as r
where
    not exists (
        select from pipeline.book_rates as k
        where k.book_to is null and k.base = r.base and k.rate_date = r.rate_date
    )
