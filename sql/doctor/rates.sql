-- One row: one thing about exchange rates: days with different ones, rates that are no number, a currency whose rates
-- have ended.
select
    'ambiguous' as problem,
    upper(trim(r.base)) as base,
    r.rate_date,
    string_agg(distinct r.rate || ' (' || coalesce(r.source, 'null') || ')', ', ') as told
from pipeline.read_fx_rates() as r
where upper(trim(r.quote)) = :currency and r.rate > 0 and r.rate <= 1e30
group by upper(trim(r.base)), r.rate_date
having count(distinct r.rate) > 1
union all
select
    'unusable',
    coalesce(upper(trim(r.base)), 'null'),
    r.rate_date,
    coalesce(r.rate::text, 'null')
from pipeline.read_fx_rates() as r
where
    (upper(trim(r.quote)) = :currency) is not false
    and (r.base is null or r.quote is null or r.rate_date is null or (r.rate > 0 and r.rate <= 1e30) is not true)
union all
select
    'ended',
    p.currency,
    (select max(k.rate_date) from pipeline.book_rates as k where k.base = p.currency and k.book_to is null),
    ''
from pipeline.book_prices as p
where p.book_to is null and p.piece_to = 'infinity' and p.currency <> :currency
group by p.currency
having
    coalesce(
        (select max(k.rate_date) from pipeline.book_rates as k where k.base = p.currency and k.book_to is null),
        '-infinity'
    ) < cast(:week as date)
order by problem, base, rate_date
limit 100
