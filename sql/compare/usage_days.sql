-- Days of usage that are not the merge of their stored hours.
with stored as (
    -- One row: one stored (tenant, day, quota_type).
    select d.*
    from touched_days as t
    inner join rollup.usage_daily as d on t.tenant_id = d.tenant_id and t.day = d.day
),

-- One row: one (tenant, day, quota_type), stored, merged or both.
compared as (
    select
        coalesce(s.tenant_id, n.tenant_id) as tenant_id,
        coalesce(s.day, n.day) as day,
        coalesce(s.amount, 0) as stored,
        coalesce(n.amount, 0) as recomputed,
        (s.tenant_id is null) as not_stored,
        (n.tenant_id is null) as not_supported,
        (s.amount is distinct from n.amount) as amount,
        (s.records is distinct from n.records) as records
    from stored as s
    full join pg_temp.usage_daily as n on s.tenant_id = n.tenant_id and s.day = n.day and s.quota_type = n.quota_type
)

insert into differing (rollup, tenant_id, day, names, what, stored, recomputed, waiting)
select
    'usage_daily',
    tenant_id,
    day,
    count(*) filter (where amount or records) as names,
    array_remove(array[
        case when bool_or(not_stored) then 'not stored' end,
        case when bool_or(not_supported) then 'no hours' end,
        case when bool_or(amount) then 'amount' end,
        case when bool_or(records) then 'records' end
    ], null) as what,
    sum(stored) as stored,
    sum(recomputed) as recomputed,
    (tenant_id, day) in (
        select
            m.tenant_id,
            m.day
        from pipeline.marked_days as m
        where m.rollup = 'usage_daily'
    ) as waiting
from compared
group by tenant_id, day
having bool_or(amount or records)
