-- One row: one kind of usage in one period of one tenant.
with measured as (
    select
        w.tenant_id,
        w.period,
        u.quota_type,
        u.amount,
        u.records
    from pipeline.windows(:through, :tenants, :periods) as w
    inner join rollup.usage_hourly as u
        on w.tenant_id = u.tenant_id and w.starts_at <= u.bucket_start and w.ends_at > u.bucket_start
    where w.days = 1
    union all
    select
        w.tenant_id,
        w.period,
        u.quota_type,
        u.amount,
        u.records
    from pipeline.windows(:through, :tenants, :periods) as w
    inner join rollup.usage_daily as u
        on w.tenant_id = u.tenant_id and w.today - w.days <= u.day and w.today > u.day
    where w.days > 1
)

select
    tenant_id,
    period,
    quota_type,
    sum(amount) as amount,
    sum(records)::bigint as records
from measured
group by tenant_id, period, quota_type
