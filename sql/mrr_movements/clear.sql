-- Rows that are not as they should be go; of what stays, nothing is written again.
with wrong as (
    -- One row: one stored movement that is another now, or none.
    select
        k.day,
        k.tenant_id,
        k.movement
    from stored_mrr_movements as k
    left join right_mrr_movements as r
        on k.day = r.day and k.tenant_id = r.tenant_id and k.movement = r.movement and k.amount = r.amount
    where r.day is null
),

gone as (
    delete from rollup.mrr_movements as m
    using wrong as w
    where m.day = w.day and m.tenant_id = w.tenant_id and m.movement = w.movement
    returning m.day
)

insert into mrr_changed_days (day)
select distinct day from gone
