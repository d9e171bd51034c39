-- The workspace of one batch; it goes with the transaction.
create temp table cost_days on commit drop as
select
    tenant_id,
    day,
    current_timestamp as starts_at,
    current_timestamp as ends_at,
    0::bigint as book,
    false as by_hours
from pipeline.marked_costs
with no data;

create temp table right_costs on commit drop as
select
    tenant_id,
    day,
    item,
    price_from,
    quantity,
    unit_size,
    unit_price,
    currency,
    native_amount,
    fx_rate,
    fx_date,
    fx_source,
    amount,
    missing
from rollup.cost_daily
with no data;

create temp table changed_costs on commit drop as
select
    tenant_id,
    day
from rollup.cost_daily
with no data;
