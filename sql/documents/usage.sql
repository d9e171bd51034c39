-- One row: one kind of usage among the first :most models, or the first :most other kinds, of one period of one tenant;
-- or, with rank 0, all models or all other kinds together and how many they are.
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
    where w.days = 1 and u.bucket_start >= :through - interval '24 hours'
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
),

-- One row: one kind of usage in one period.
totals as (
    select
        tenant_id,
        period,
        starts_with(quota_type, 'ai_tokens_') as is_model,
        quota_type,
        sum(amount) as amount,
        sum(records)::bigint as records,
        row_number() over (
            partition by tenant_id, period, starts_with(quota_type, 'ai_tokens_')
            order by sum(amount) desc, quota_type
        ) as rank
    from measured
    group by tenant_id, period, quota_type
)

select
    tenant_id,
    period,
    is_model,
    rank,
    quota_type,
    1 as kinds,
    amount,
    records
from totals
where rank <= :most
union all
select
    tenant_id,
    period,
    is_model,
    0,
    '',
    count(*),
    sum(amount),
    sum(records)::bigint
from totals
group by tenant_id, period, is_model
order by tenant_id, period, is_model, rank
