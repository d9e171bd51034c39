-- MRR of the days of the scope, from the days on which subscriptions begin and cease to count: what has been added up
-- until a day stands until the next.
with scope as (
    -- One row: the days to fill.
    select
        greatest(cast(:first_day as date), min(s.day_from)) as first_day,
        cast(:today as date) as today,
        cast(:currency as text) as currency
    from mrr_spans as s
),

days as (
    -- One row: one day.
    select d::date as day
    from scope as g
    cross join lateral generate_series(g.first_day, g.today, interval '1 day') as d
),

edges as (
    -- One row: a subscription that begins or ceases to count; what began before the first day begins with it.
    select
        s.tenant_id,
        s.plan,
        s.currency,
        greatest(s.day_from, g.first_day) as day,
        1 as subscriptions,
        case when s.monthly is null then 0 else 1 end as priced,
        coalesce(s.monthly, 0) as native
    from mrr_spans as s
    inner join scope as g on s.day_to > g.first_day
    union all
    select
        s.tenant_id,
        s.plan,
        s.currency,
        s.day_to,
        -1,
        case when s.monthly is null then 0 else -1 end,
        -coalesce(s.monthly, 0)
    from mrr_spans as s
    inner join scope as g on s.day_to > g.first_day and s.day_to <= g.today
),

steps as (
    -- One row: what changes on a day in one plan and currency.
    select
        e.plan,
        e.currency,
        e.day,
        sum(e.subscriptions) as subscriptions,
        sum(e.priced) as priced,
        sum(e.native) as native
    from edges as e
    group by e.plan, e.currency, e.day
),

levels as (
    -- One row: one plan and currency on one day; a plan is listed from its first day on.
    select
        p.plan,
        p.currency,
        d.day,
        sum(coalesce(s.subscriptions, 0)) over so_far as subscriptions,
        sum(coalesce(s.priced, 0)) over so_far as priced,
        sum(coalesce(s.native, 0)) over so_far as native
    from (
        select
            a.plan,
            a.currency,
            min(a.day_from) as day_from
        from mrr_spans as a
        group by a.plan, a.currency
    ) as p
    inner join days as d on p.day_from <= d.day
    left join steps as s on p.plan = s.plan and p.currency = s.currency and d.day = s.day
    window so_far as (partition by p.plan, p.currency order by d.day)
),

sums as (
    -- One row: one plan on one day.
    select
        l.day,
        l.plan,
        sum(l.subscriptions) as subscriptions,
        coalesce(sum(l.priced) filter (where l.currency = g.currency or r.rate is not null), 0) as known,
        sum(l.native * case when l.currency = g.currency then 1 else r.rate end) as mrr
    from levels as l
    cross join scope as g
    left join pipeline.mrr_rates as r on l.currency = r.currency and l.day = r.day and l.currency <> g.currency
    group by l.day, l.plan
),

held as (
    -- One row: how many subscriptions a tenant has in a plan from a day on, and had before.
    select
        c.plan,
        c.day,
        c.now,
        c.now - c.change as before
    from (
        select
            e.plan,
            e.day,
            sum(e.subscriptions) as change,
            sum(sum(e.subscriptions)) over (partition by e.plan, e.tenant_id order by e.day) as now
        from edges as e
        group by e.plan, e.tenant_id, e.day
    ) as c
),

comings as (
    -- One row: by how many tenants a plan grows on a day.
    select
        h.plan,
        h.day,
        count(*) filter (where h.before = 0 and h.now > 0)
        - count(*) filter (where h.before > 0 and h.now = 0) as tenants
    from held as h
    group by h.plan, h.day
)

insert into right_mrr_daily (day, plan, tenants, subscriptions, mrr, unpriced)
select
    s.day,
    s.plan,
    sum(coalesce(c.tenants, 0)) over (partition by s.plan order by s.day),
    s.subscriptions,
    case when s.subscriptions = 0 then 0 when s.known > 0 then s.mrr end,
    s.subscriptions - s.known
from sums as s
left join comings as c on s.plan = c.plan and s.day = c.day
