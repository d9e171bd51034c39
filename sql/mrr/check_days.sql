-- One row: the first day of the scope whose MRR is not that of the day before and its movements.
with totals as (
    -- One row: MRR of one day; a day without rows has none.
    select
        d.day,
        coalesce(sum(m.mrr), 0) as mrr
    from mrr_scope as g
    inner join lateral (
        select least(min(k.day), g.today) as day_from
        from (
            select min(a.day) as day from rollup.mrr_daily as a where a.day >= g.first_day
            union all
            select min(a.day) from rollup.mrr_movements as a where a.day >= g.first_day
        ) as k
    ) as f on true
    inner join lateral (
        select s::date as day from generate_series(f.day_from - 1, g.today, interval '1 day') as s
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
    inner join mrr_scope as g on m.day >= g.first_day
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
