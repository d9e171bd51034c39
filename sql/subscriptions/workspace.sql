-- The workspace of MRR; it goes with the transaction.
create temp table subscriptions_now (like pipeline.subscription_versions) on commit drop;

create temp table subscriptions_changed on commit drop as
select
    subscription_id,
    tenant_id,
    tenant_id as tenant_before,
    gone,
    false as past,
    seen_on
from pipeline.subscription_versions
with no data;

-- Tenants whose days from one on are redone, beside the latest days of all.
create temp table mrr_redo on commit drop as
select
    tenant_id,
    day_from
from pipeline.subscription_versions
with no data;

create temp table right_mrr_daily (like rollup.mrr_daily) on commit drop;

create temp table right_mrr_movements (like rollup.mrr_movements) on commit drop;

create temp table stored_mrr_movements (like rollup.mrr_movements) on commit drop;

create temp table mrr_changed_days on commit drop as
select day from rollup.mrr_daily
with no data
