-- One row: one item of one tenant whose amount, or whose being known, changes; the largest change first.
select
    tenant_id::text as tenant_id,
    item,
    count(*) as days,
    sum(amount_before) as amount_before,
    sum(amount_after) as amount_after,
    sum(unknown_before)::bigint as unknown_before,
    sum(unknown_after)::bigint as unknown_after
from price_differences
group by tenant_id, item
order by
    abs(coalesce(sum(amount_after), 0) - coalesce(sum(amount_before), 0)) desc,
    price_differences.tenant_id asc,
    item asc
limit :most
