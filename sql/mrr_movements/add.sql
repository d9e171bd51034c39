with added as (
    insert into rollup.mrr_movements (day, tenant_id, movement, amount)
    select
        r.day,
        r.tenant_id,
        r.movement,
        r.amount
    from right_mrr_movements as r
    on conflict (day, tenant_id, movement) do nothing
    returning day
)

insert into mrr_changed_days (day)
select distinct day from added
