-- Cuts the prices into pieces of time: one price a piece, or the problem with it.
with read as (
    -- One row: one price that says of which time it is. Exact duplicates are one.
    select distinct
        p.item collate "C" as item,
        p.unit_size,
        p.amount,
        upper(trim(p.currency)) as currency,
        p.effective_from,
        p.effective_to
    from pipeline.read_prices() as p
    where p.item is not null and isfinite(p.effective_from)
),

-- A price without an end lasts until the item's next one begins.
ended as (
    select
        r.item,
        r.unit_size,
        r.amount,
        r.currency,
        r.effective_from,
        coalesce(
            r.effective_to,
            min(r.effective_from) over (
                partition by r.item order by r.effective_from
                groups between 1 following and unbounded following
            ),
            'infinity'
        ) as ends_at
    from read as r
),

ranged as (
    -- Off the hour, all hours that it touches are meant.
    select
        r.item,
        r.unit_size,
        r.amount,
        r.currency,
        r.effective_from,
        pipeline.hour_of(r.effective_from) as from_hour,
        case
            when isfinite(r.ends_at) then pipeline.hour_of(r.ends_at + interval '59 minutes 59.999999 seconds')
            else 'infinity'
        end as to_hour,
        coalesce(
            -- Neither infinities nor NaN are in between, nor what makes amounts of thousands of digits.
            r.unit_size between 1e-30 and 1e30
            and r.amount between 0 and 1e30
            and r.currency ~ '^[A-Z]{3}$'
            and pipeline.hour_of(r.effective_from) = r.effective_from
            and (not isfinite(r.ends_at) or pipeline.hour_of(r.ends_at) = r.ends_at),
            false
        ) as usable
    from ended as r
    where r.ends_at > r.effective_from
),

cuts as (
    select
        item,
        from_hour as cut
    from ranged
    union
    select
        item,
        to_hour
    from ranged
),

pieces as (
    select
        item,
        cut as piece_from,
        lead(cut) over (partition by item order by cut) as piece_to
    from cuts
),

judged as (
    select
        p.item,
        p.piece_from,
        p.piece_to,
        count(*) as prices,
        bool_and(r.usable) as usable,
        min(r.effective_from) as price_from,
        min(r.unit_size) as unit_size,
        min(r.amount) as amount,
        min(r.currency) as currency
    from pieces as p
    inner join ranged as r on p.item = r.item and p.piece_from >= r.from_hour and p.piece_to <= r.to_hour
    group by p.item, p.piece_from, p.piece_to
)

insert into right_prices (item, piece_from, piece_to, price_from, unit_size, amount, currency, problem)
select
    j.item,
    j.piece_from,
    j.piece_to,
    case when v.problem is null then j.price_from else '-infinity' end,
    case when v.problem is null then j.unit_size end,
    case when v.problem is null then j.amount end,
    case when v.problem is null then j.currency end,
    v.problem
from judged as j
cross join lateral (
    select case when j.prices > 1 then 'overlapping_prices' when not j.usable then 'unusable_price' end as problem
) as v
