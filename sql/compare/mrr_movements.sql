-- Days of tenants whose stored movements are not those that its subscriptions give. The last day is done anew by
-- every tick.
with compared as (
    -- One row: one movement, stored, worked out or both.
    select
        coalesce(s.day, r.day) as day,
        coalesce(s.tenant_id, r.tenant_id) as tenant_id,
        s.amount as stored,
        r.amount as recomputed
    from rollup.mrr_movements as s
    full join right_mrr_movements as r on s.day = r.day and s.tenant_id = r.tenant_id and s.movement = r.movement
)

insert into differing (rollup, tenant_id, day, names, what, stored, recomputed, waiting)
select
    'mrr_movements',
    c.tenant_id,
    c.day,
    count(*) filter (where c.stored is distinct from c.recomputed),
    array_remove(array[
        case when bool_or(c.stored is null) then 'not stored' end,
        case when bool_or(c.recomputed is null) then 'no such movement' end,
        case when bool_or(c.stored <> c.recomputed) then 'amount' end
    ], null),
    coalesce(sum(c.stored), 0),
    coalesce(sum(c.recomputed), 0),
    c.day >= :today
from compared as c
where c.day >= cast(:first_day as date) and c.day < cast(:end_day as date)
group by c.day, c.tenant_id
having bool_or(c.stored is distinct from c.recomputed)
