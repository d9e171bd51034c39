-- One row: the first day of the scope whose MRR is not that of the day before and its movements.
with totals as (
    -- One row: MRR of one day; a day without rows has none.
    select
        d.day,
        coalesce(sum(m.mrr), 0) as mrr
    from (
        -- One row: the first day that there is.
        select least(min(k.day), cast(:today as date)) as day_from
        from (
            select min(a.day) as day from rollup.mrr_daily as a where a.day >= cast(:first_day as date)
            union all
            select min(a.day) from rollup.mrr_movements as a where a.day >= cast(:first_day as date)
        ) as k
    ) as f
    inner join lateral (
        select s::date as day from generate_series(f.day_from - 1, cast(:today as date), interval '1 day') as s
    ) as d on true
    left join rollup.mrr_daily as m on d.day = m.day
    group by d.day
),

moved as (
    -- One row: all that moved on one day.
    select
        m.day,
        sum(m.amount) as amount
    from rollup.mrr_movements as m
    where m.day >= cast(:first_day as date)
    group by m.day
),

compared as (
    -- One row: one day.
    select
        t.day,
        lag(t.mrr) over (order by t.day) as opening,
        coalesce(m.amount, 0) as movements,
        t.mrr as closing
    from totals as t
    left join moved as m on t.day = m.day
)

select
    c.day,
    c.opening,
    c.movements,
    c.closing
from compared as c
where c.opening is not null and c.opening + c.movements <> c.closing
order by c.day
limit 1
