-- One row: two prices that are in force at once, from when on. A price without an end lasts until the item's next one.
with read as (
    select
        p.item,
        p.unit_size,
        p.amount,
        p.currency,
        p.effective_from,
        coalesce(
            p.effective_to,
            min(p.effective_from) over (
                partition by p.item order by p.effective_from
                groups between 1 following and unbounded following
            ),
            'infinity'
        ) as ends_at,
        p.effective_to
    from (
        select distinct
            r.item,
            r.unit_size,
            r.amount,
            upper(trim(r.currency)) as currency,
            r.effective_from,
            r.effective_to
        from pipeline.read_prices() as r
        where r.item is not null and isfinite(r.effective_from) and (r.effective_to <= r.effective_from) is not true
    ) as p
),

numbered as (
    select
        row_number() over (order by r.item, r.effective_from, r.ends_at, r.amount, r.unit_size, r.currency) as place,
        r.item,
        r.effective_from,
        r.ends_at,
        concat_ws(
            ' ',
            r.amount,
            r.currency,
            'for',
            r.unit_size,
            'from',
            to_char(r.effective_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'),
            case
                when r.effective_to is null then 'on'
                else 'to ' || to_char(r.effective_to at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
            end
        ) as told
    from read as r
)

select
    a.item,
    a.told as first_price,
    b.told as second_price,
    greatest(a.effective_from, b.effective_from) as overlaps_from,
    count(*) over () as pairs
from numbered as a
inner join numbered as b
    on a.item = b.item and a.place < b.place and a.effective_from < b.ends_at and a.ends_at > b.effective_from
order by a.item, overlaps_from
limit 20
