-- One row: one price that cannot be used, and why.
select
    coalesce(p.item, 'null') as item,
    coalesce(p.effective_from::text, 'null') as effective_from,
    concat_ws(
        ', ',
        case when p.item is null then 'item is null' end,
        case
            when isfinite(p.effective_from) is not true then 'effective_from is no time'
            when pipeline.hour_of(p.effective_from) <> p.effective_from then 'effective_from is not on the hour'
        end,
        case
            when p.effective_to <= p.effective_from then 'effective_to is not after effective_from'
            when isfinite(p.effective_to) and pipeline.hour_of(p.effective_to) <> p.effective_to
                then 'effective_to is not on the hour'
        end,
        case when (p.unit_size between 1e-30 and 1e30) is not true then 'unit_size is not from 1e-30 to 1e30' end,
        case when (p.amount between 0 and 1e30) is not true then 'amount is not from 0 to 1e30' end,
        case when (upper(trim(p.currency)) ~ '^[A-Z]{3}$') is not true then 'currency is no ISO 4217 code' end
    ) as problem,
    count(*) over () as prices
from pipeline.read_prices() as p
where
    p.item is null
    or isfinite(p.effective_from) is not true
    or pipeline.hour_of(p.effective_from) <> p.effective_from
    or p.effective_to <= p.effective_from
    or (isfinite(p.effective_to) and pipeline.hour_of(p.effective_to) <> p.effective_to)
    or (p.unit_size between 1e-30 and 1e30) is not true
    or (p.amount between 0 and 1e30) is not true
    or (upper(trim(p.currency)) ~ '^[A-Z]{3}$') is not true
order by p.item, p.effective_from
limit 20
