-- The workspace of one pass; it goes with the transaction.
create temp table platform_days on commit drop as
select day
from pipeline.marked_platform_days
with no data;

create temp table right_platform on commit drop as
select
    day,
    active_tenants,
    requests,
    ai_tokens,
    cost,
    mrr,
    unknown_costs
from rollup.platform_daily
with no data;
