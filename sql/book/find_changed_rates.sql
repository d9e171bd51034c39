insert into changed_rates (base, rate_date)
select
    coalesce(r.base, k.base),
    coalesce(r.rate_date, k.rate_date)
from right_rates as r
full join (
    select *
    from pipeline.book_rates
    where book_to is null
) as k on r.base = k.base and r.rate_date = k.rate_date
where (r.rate, r.source, r.problem) is distinct from (k.rate, k.source, k.problem)
