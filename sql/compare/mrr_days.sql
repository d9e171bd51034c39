-- Days whose stored MRR is not what the subscriptions give. The last one is done anew by every tick.
with compared as (
    -- One row: one plan on one day, stored, worked out or both.
    select
        coalesce(s.day, r.day) as day,
        s.mrr as stored,
        r.mrr as recomputed,
        (s.day is null) as not_stored,
        (r.day is null) as not_supported,
        (s.tenants is distinct from r.tenants) as tenants,
        (s.subscriptions is distinct from r.subscriptions) as subscriptions,
        (s.mrr is distinct from r.mrr) as mrr,
        (s.unpriced is distinct from r.unpriced) as unpriced
    from rollup.mrr_daily as s
    full join right_mrr_daily as r on s.day = r.day and s.plan = r.plan
)

insert into differing (rollup, day, names, what, stored, recomputed, waiting)
select
    'mrr_daily',
    c.day,
    count(*) filter (where c.tenants or c.subscriptions or c.mrr or c.unpriced),
    array_remove(array[
        case when bool_or(c.not_stored) then 'not stored' end,
        case when bool_or(c.not_supported) then 'no such plan' end,
        case when bool_or(c.tenants) then 'tenants' end,
        case when bool_or(c.subscriptions) then 'subscriptions' end,
        case when bool_or(c.mrr) then 'mrr' end,
        case when bool_or(c.unpriced) then 'unpriced' end
    ], null),
    coalesce(sum(c.stored), 0),
    coalesce(sum(c.recomputed), 0),
    c.day >= :today
from compared as c
where c.day >= cast(:first_day as date) and c.day < cast(:end_day as date)
group by c.day
having bool_or(c.tenants or c.subscriptions or c.mrr or c.unpriced)
