-- The same rate twice for a day is one; different ones are a problem: neither is taken.
insert into right_rates (base, rate_date, rate, source, problem)
select
    upper(trim(r.base)) as base,
    r.rate_date,
    case when count(distinct r.rate) = 1 then min(r.rate) end as rate,
    case when count(distinct r.rate) = 1 then min(r.source) end as source,
    case when count(distinct r.rate) > 1 then 'ambiguous_rate' end as problem
from pipeline.read_fx_rates() as r
where
    upper(trim(r.quote)) = :currency
    and upper(trim(r.base)) <> :currency
    and r.rate > 0
    and r.rate <= 1e30
    and isfinite(r.rate_date)
group by upper(trim(r.base)), r.rate_date
