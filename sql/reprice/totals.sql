with changed_days as (
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
    coalesce(sum(amount_before), 0) as amount_before,
    coalesce(sum(amount_after), 0) as amount_after,
    coalesce(sum(unknown_before), 0)::bigint as unknown_before,
    coalesce(sum(unknown_after), 0)::bigint as unknown_after
from changed_days
