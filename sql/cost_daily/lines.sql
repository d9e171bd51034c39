-- The one place where usage meets its price. Spans are given as lists, pairwise: hours [starts, ends) of a tenant's
-- day, the book that they are judged by, and whether hours have to be read. Where no price changes inside a whole day,
-- the daily rollups say the same for less.
create or replace function pipeline.cost_lines(
    tenant_ids @tenant_id_type[],
    days date[],
    starts timestamptz[],
    ends timestamptz[],
    books bigint[],
    by_hours boolean[]
)
returns table (
    place int,
    tenant_id @tenant_id_type,
    day date,
    item text,
    price_from timestamptz,
    quantity numeric,
    unit_size numeric,
    unit_price numeric,
    currency text,
    native_amount numeric,
    fx_rate numeric,
    fx_date date,
    fx_source text,
    amount numeric,
    missing text
)
language sql stable parallel safe
as $$
with spans as (
    select
        s.place::int as place,
        s.tenant_id,
        s.day,
        s.starts_at,
        s.ends_at,
        s.book,
        coalesce(s.by_hours, true) as by_hours
    from unnest(tenant_ids, days, starts, ends, books, by_hours) with ordinality
        as s (tenant_id, day, starts_at, ends_at, book, by_hours, place)
),

-- One row: what a span used of an item, in one hour or in the whole day.
used as (
    select
        s.place,
        'api_calls' collate "C" as item,
        h.bucket_start as used_at,
        sum(h.requests) as quantity
    from spans as s
    inner join rollup.api_hourly as h
        on s.tenant_id = h.tenant_id and s.starts_at <= h.bucket_start and s.ends_at > h.bucket_start
    where s.by_hours
    group by s.place, h.bucket_start
    union all
    select
        s.place,
        u.quota_type,
        u.bucket_start,
        u.amount
    from spans as s
    inner join rollup.usage_hourly as u
        on s.tenant_id = u.tenant_id and s.starts_at <= u.bucket_start and s.ends_at > u.bucket_start
    where s.by_hours
    union all
    select
        s.place,
        'api_calls',
        s.starts_at,
        sum(d.requests)
    from spans as s
    inner join rollup.api_daily as d on s.tenant_id = d.tenant_id and s.day = d.day
    where not s.by_hours
    group by s.place, s.starts_at
    union all
    select
        s.place,
        d.quota_type,
        s.starts_at,
        d.amount
    from spans as s
    inner join rollup.usage_daily as d on s.tenant_id = d.tenant_id and s.day = d.day
    where not s.by_hours
),

-- One row: one line, before rates.
priced as (
    select
        u.place,
        u.item,
        coalesce(p.price_from, '-infinity') as price_from,
        sum(u.quantity) as quantity,
        min(p.unit_size) as unit_size,
        min(p.amount) as unit_price,
        min(p.currency) as currency,
        string_agg(distinct case when p.item is null then 'no_price' else p.problem end, ', ') as problem
    from used as u
    inner join spans as s on u.place = s.place
    left join pipeline.book_prices as p
        on
            u.item = p.item
            and p.piece_from <= u.used_at
            and p.piece_to > u.used_at
            and p.book_from <= s.book
            and (p.book_to is null or p.book_to > s.book)
    group by u.place, u.item, coalesce(p.price_from, '-infinity')
    having sum(u.quantity) <> 0
)

select
    p.place,
    s.tenant_id,
    s.day,
    p.item,
    p.price_from,
    p.quantity,
    p.unit_size,
    p.unit_price,
    p.currency,
    -- Exact, but for what no decimal can say: those are cut at 18 digits. The scale of a quotient is that of the dividend.
    trim_scale(round((p.quantity * p.unit_price + 0.000000000000000000000000) / p.unit_size, 18)),
    r.rate,
    r.rate_date,
    r.source,
    trim_scale(round((p.quantity * p.unit_price * r.rate + 0.000000000000000000000000) / p.unit_size, 18)),
    coalesce(p.problem, r.problem)
from priced as p
inner join spans as s on p.place = s.place
left join lateral pipeline.rate_on(p.currency, s.day, s.book) as r on p.currency is not null
$$;
comment on function pipeline.cost_lines is 'What spans of time cost, by item and price; lists are given pairwise.';
