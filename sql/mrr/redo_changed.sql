-- Tenants whose past may have changed with their subscriptions.
insert into mrr_redo (tenant_id, day_from)
select
    t.tenant_id,
    '-infinity'
from (
    select c.tenant_id from subscriptions_changed as c where c.past
    union
    select c.tenant_before from subscriptions_changed as c where c.past
) as t
where t.tenant_id is not null
