-- Days from one on to before another, on which a subscription counts with one plan and amount.
create temp table mrr_spans on commit drop as
select
    tenant_id,
    plan,
    currency,
    monthly,
    day_from,
    day_from as day_to
from pipeline.subscription_versions
with no data
