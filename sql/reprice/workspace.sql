create temp table rezoned on commit drop as
select
    tenant_id,
    zone,
    zone as zone_after
from pipeline.cost_zones
with no data;

create temp table asked_days on commit drop as
select
    tenant_id,
    day
from pipeline.marked_costs
with no data;

-- One row: one item of one tenant, before and after, with how many lines have no amount.
create temp table price_differences on commit drop as
select
    tenant_id,
    item,
    day,
    amount as amount_before,
    amount as amount_after,
    0::bigint as unknown_before,
    0::bigint as unknown_after
from rollup.cost_daily
with no data;
