-- Only lines that are no longer right go, so that what did not change is not written.
with gone as (
    delete from rollup.cost_daily as c
    using cost_days as d
    where
        c.tenant_id = d.tenant_id
        and c.day = d.day
        and not exists (
            select from right_costs as r
            where
                r.tenant_id = c.tenant_id
                and r.day = c.day
                and r.item = c.item
                and r.price_from = c.price_from
                and (
                    r.quantity,
                    r.unit_size,
                    r.unit_price,
                    r.currency,
                    r.native_amount,
                    r.fx_rate,
                    r.fx_date,
                    r.fx_source,
                    r.amount,
                    r.missing
                ) is not distinct from (
                    c.quantity,
                    c.unit_size,
                    c.unit_price,
                    c.currency,
                    c.native_amount,
                    c.fx_rate,
                    c.fx_date,
                    c.fx_source,
                    c.amount,
                    c.missing
                )
        )
    returning
        c.tenant_id,
        c.day
)

insert into changed_costs (tenant_id, day)
select
    tenant_id,
    day
from gone
