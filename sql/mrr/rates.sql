-- Rates of the days on which there is something in a foreign currency, where none is noted yet or another book judges
-- the day now. Tenants who have something in a currency whose rate is no longer the noted one are redone from there on.
with held as (
    -- One row: one foreign currency and the first day on which there is something in it.
    select
        s.currency,
        min(s.day_from) as day_from
    from mrr_spans as s
    where s.currency <> :currency and s.monthly is not null
    group by s.currency
),

days as materialized (
    -- One row: one day and the book that judges it, looked up once for all currencies.
    select
        d.day,
        pipeline.book_of(d.day, pipeline.day_start(d.day + 1, :timezone) + cast(:open_time as interval)) as book
    from (select min(h.day_from) as day_from from held as h) as f
    inner join lateral (
        select g::date as day from generate_series(f.day_from, cast(:today as date), interval '1 day') as g
    ) as d on true
),

due as (
    -- One row: one rate to look up, and the one that was noted.
    select
        h.currency,
        d.day,
        d.book,
        k.rate as rate_before,
        k.day is not null as noted
    from held as h
    inner join days as d on h.day_from <= d.day
    left join pipeline.mrr_rates as k on h.currency = k.currency and d.day = k.day
    where k.day is null or k.book is distinct from d.book
),

found as (
    -- One row: the same with the rate that holds now.
    select
        d.*,
        r.rate
    from due as d
    cross join lateral pipeline.rate_on(d.currency, d.day, d.book) as r
),

noted as (
    insert into pipeline.mrr_rates (currency, day, book, rate)
    select
        f.currency,
        f.day,
        f.book,
        f.rate
    from found as f
    on conflict (currency, day) do update
        set
            book = excluded.book,
            rate = excluded.rate
    returning currency
),

moved as (
    -- One row: one currency and the first day whose rate is another now.
    select
        f.currency,
        min(f.day) as day_from
    from found as f
    where f.noted and f.rate is distinct from f.rate_before
    group by f.currency
)

insert into mrr_redo (tenant_id, day_from)
select
    s.tenant_id,
    min(m.day_from)
from mrr_spans as s
inner join moved as m on s.currency = m.currency and s.day_to >= m.day_from
group by s.tenant_id
