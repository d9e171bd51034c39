-- Makes what is kept equal to what the SaaS has, and queues the tenants in which something differs: as many as the rows
-- of this statement. All are compared, so that no trigger on the table is needed; only what differs is written.
with usable as materialized (
    -- One row: one quota as the SaaS has it now.
    select
        tenant_id,
        quota_type,
        period,
        limit_amount,
        case when period = 'month' then coalesce(anchor_day, 1)::int else 1 end as anchor_day
    from pipeline.judge_quotas()
    where problem is null
),

gone as (
    delete from pipeline.tenant_quotas as k
    where not exists (
        select from usable as u
        where u.tenant_id = k.tenant_id and u.quota_type = k.quota_type and u.period = k.period
    )
    returning k.tenant_id
),

saved as (
    insert into pipeline.tenant_quotas as k (tenant_id, quota_type, period, limit_amount, anchor_day)
    select
        u.tenant_id,
        u.quota_type,
        u.period,
        u.limit_amount,
        u.anchor_day
    from usable as u
    left join pipeline.tenant_quotas as b
        on u.tenant_id = b.tenant_id and u.quota_type = b.quota_type and u.period = b.period
    where
        b.tenant_id is null
        or u.limit_amount is distinct from b.limit_amount
        or u.anchor_day <> b.anchor_day
    on conflict (tenant_id, quota_type, period) do update
        set limit_amount = excluded.limit_amount, anchor_day = excluded.anchor_day
    returning k.tenant_id
)

insert into pipeline.queue (tenant_id, data_through)
select
    c.tenant_id,
    :through
from (
    select g.tenant_id from gone as g
    union
    select s.tenant_id from saved as s
) as c
