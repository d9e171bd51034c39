-- One row: one tenant that was redone and whose movements do not add up to what it has today.
with moved as (
    -- One row: all that ever moved of one tenant that was redone.
    select
        r.tenant_id,
        coalesce(sum(m.amount), 0) as movements
    from (select distinct k.tenant_id from mrr_redo as k) as r
    left join rollup.mrr_movements as m on r.tenant_id = m.tenant_id
    group by r.tenant_id
),

held as (
    -- One row: what a tenant has today.
    select
        s.tenant_id,
        sum(s.monthly * case when s.currency = :currency then 1 else coalesce(r.rate, 0) end) as mrr
    from mrr_spans as s
    left join pipeline.mrr_rates as r on s.currency = r.currency and s.currency <> :currency and r.day = :today
    where s.day_from <= :today and s.day_to > :today
    group by s.tenant_id
)

select
    cast(:today as date) as day,
    m.tenant_id,
    m.movements,
    coalesce(h.mrr, 0) as closing
from moved as m
left join held as h on m.tenant_id = h.tenant_id
where m.movements <> coalesce(h.mrr, 0)
order by m.tenant_id
limit 1
