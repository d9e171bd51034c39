-- One row: one of the export, of [:start, :end).
select
    r.tenant_id,
    r.day,
    r.item,
    nullif(r.price_from, '-infinity') as price_from,
    pipeline.exported(r.quantity)::numeric(38, 18) as quantity,
    pipeline.exported(r.unit_size)::numeric(38, 18) as unit_size,
    pipeline.exported(r.unit_price)::numeric(38, 18) as unit_price,
    r.currency,
    pipeline.exported(r.native_amount)::numeric(38, 18) as native_amount,
    pipeline.exported(r.fx_rate)::numeric(38, 18) as fx_rate,
    r.fx_date,
    r.fx_source,
    pipeline.exported(r.amount)::numeric(38, 18) as amount,
    r.missing
from rollup.cost_daily as r
where
    r.day >= cast(:start as date)
    and r.day < cast(:end as date)
order by r.tenant_id, r.day, r.item, r.price_from
