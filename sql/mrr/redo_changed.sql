-- Tenants whose past may have changed with their subscriptions: whoever has one now, had it at the last look, or ever.
insert into mrr_redo (tenant_id, day_from)
select
    t.tenant_id,
    '-infinity'
from (
    select c.tenant_id from subscriptions_changed as c where c.past
    union
    select c.tenant_before from subscriptions_changed as c where c.past
    union
    select v.tenant_id
    from subscriptions_changed as c
    inner join pipeline.subscription_versions as v on c.subscription_id = v.subscription_id
    where c.past
) as t
where t.tenant_id is not null
