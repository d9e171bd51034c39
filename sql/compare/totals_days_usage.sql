-- One row: the amounts of whole days by their hours and by themselves, and for how many tenants they disagree.
with hours as (
    select
        t.tenant_id,
        sum(h.amount) as total
    from touched_days as t
    inner join rollup.usage_hourly as h
        on t.tenant_id = h.tenant_id and t.day_start <= h.bucket_start and t.day_end > h.bucket_start
    group by t.tenant_id
),

days as (
    select
        t.tenant_id,
        sum(d.amount) as total
    from touched_days as t
    inner join rollup.usage_daily as d on t.tenant_id = d.tenant_id and t.day = d.day
    group by t.tenant_id
)

select
    coalesce(sum(h.total), 0) as by_hours,
    coalesce(sum(d.total), 0) as by_days,
    count(*) filter (where h.total is distinct from d.total) as tenants_off
from hours as h
full join days as d on h.tenant_id = d.tenant_id
