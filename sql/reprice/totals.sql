-- One row: what all that changes comes to.
with changed_items as (
    -- One row: one item of one tenant.
    select distinct
        tenant_id,
        item
    from price_differences
),

changed_days as (
    -- One row: one day of one tenant.
    select
        tenant_id,
        sum(amount_before) as amount_before,
        sum(amount_after) as amount_after,
        sum(unknown_before) as unknown_before,
        sum(unknown_after) as unknown_after
    from price_differences
    group by tenant_id, day
)

select
    count(distinct tenant_id) as tenants,
    count(*) as days,
    (select count(*) from changed_items) as items,
    case when count(*) = 0 then 0 else sum(amount_before) end as amount_before,
    case when count(*) = 0 then 0 else sum(amount_after) end as amount_after,
    coalesce(sum(unknown_before), 0)::bigint as unknown_before,
    coalesce(sum(unknown_after), 0)::bigint as unknown_after
from changed_days
