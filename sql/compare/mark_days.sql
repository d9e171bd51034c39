-- Marks the days that differ from their hours, though no hour need have changed.
insert into pipeline.marked_days (rollup, tenant_id, day)
select
    d.rollup,
    d.tenant_id,
    d.day
from differing as d
where d.rollup in ('api_daily', 'usage_daily') and not d.waiting
