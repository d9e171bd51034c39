-- Days whose stored MRR is not that of the day before and their stored movements, whatever the subscriptions give.
with moved as (
    -- One row: MRR and movements of one day, as far as there are any.
    select
        m.day,
        sum(m.mrr) as mrr,
        0::numeric as movements
    from rollup.mrr_daily as m
    group by m.day
    union all
    select
        v.day,
        0::numeric,
        sum(v.amount)
    from rollup.mrr_movements as v
    group by v.day
),

days as (
    -- One row: one day that has any, or follows one that has.
    select
        d.day,
        coalesce(sum(d.mrr), 0) as closing,
        coalesce(sum(d.movements), 0) as movements
    from (
        select
            day,
            mrr,
            movements
        from moved
        union all
        select
            day + 1,
            0,
            0
        from moved
        where day < :today
    ) as d
    group by d.day
),

compared as (
    -- One row: one day; what follows no other begins at nothing.
    select
        d.day,
        case
            when lag(d.day) over (order by d.day) = d.day - 1 then lag(d.closing) over (order by d.day)
            else 0
        end as opening,
        d.movements,
        d.closing
    from days as d
)

insert into differing (rollup, day, names, what, stored, recomputed, waiting)
select
    'mrr_bridge',
    c.day,
    1,
    array['closing is not opening + movements'],
    c.closing,
    c.opening + c.movements,
    c.day >= :today
from compared as c
where
    c.opening + c.movements <> c.closing
    and c.day >= cast(:first_day as date)
    and c.day < cast(:end_day as date)
