-- Makes what is kept equal to what the SaaS has, and queues the tenants in which something differs: as many as the rows
-- of this statement. All are compared, so that no trigger on the table is needed; only what differs is written.
with usable as (
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

changed as materialized (
    -- One row: one quota that is new, another one, or gone.
    select
        coalesce(u.tenant_id, k.tenant_id) as tenant_id,
        coalesce(u.quota_type, k.quota_type) as quota_type,
        coalesce(u.period, k.period) as period,
        u.limit_amount,
        u.anchor_day,
        u.tenant_id is null as is_gone
    from usable as u
    full join pipeline.tenant_quotas as k
        on u.tenant_id = k.tenant_id and u.quota_type = k.quota_type and u.period = k.period
    where
        u.tenant_id is null
        or k.tenant_id is null
        or u.limit_amount is distinct from k.limit_amount
        or u.anchor_day <> k.anchor_day
),

gone as (
    delete from pipeline.tenant_quotas as k
    using changed as c
    where c.is_gone and k.tenant_id = c.tenant_id and k.quota_type = c.quota_type and k.period = c.period
),

saved as (
    insert into pipeline.tenant_quotas (tenant_id, quota_type, period, limit_amount, anchor_day)
    select
        tenant_id,
        quota_type,
        period,
        limit_amount,
        anchor_day
    from changed
    where not is_gone
    on conflict (tenant_id, quota_type, period) do update
        set limit_amount = excluded.limit_amount, anchor_day = excluded.anchor_day
)

insert into pipeline.queue (tenant_id, data_through)
select distinct
    tenant_id,
    :through
from changed
