create or replace view rollup.tenants_near_quota as
select
    q.tenant_id,
    t.name,
    t.plan,
    q.quota_type,
    q.period,
    q.used,
    q.limit_amount,
    q.used_pct,
    q.status,
    q.resets_at
from rollup.quota_status as q
inner join rollup.tenants as t on q.tenant_id = t.tenant_id
where q.status in ('near', 'over');
comment on view rollup.tenants_near_quota is
'Quotas of which 80 % or more is used in the period that they are in; all others: rollup.quota_status.';
comment on column rollup.tenants_near_quota.tenant_id is 'Tenant.';
comment on column rollup.tenants_near_quota.name is 'Its name.';
comment on column rollup.tenants_near_quota.plan is 'Its plan.';
comment on column rollup.tenants_near_quota.quota_type is 'Kind of usage; api_calls are requests.';
comment on column rollup.tenants_near_quota.period is 'day or month, in the tenant''s zone.';
comment on column rollup.tenants_near_quota.used is 'Used in the period, exact.';
comment on column rollup.tenants_near_quota.limit_amount is 'How much may be used.';
comment on column rollup.tenants_near_quota.used_pct is
'used in percent of limit_amount, rounded down to two decimals; null where nothing is allowed.';
comment on column rollup.tenants_near_quota.status is 'near (80 % and more) or over (100 % and more).';
comment on column rollup.tenants_near_quota.resets_at is 'When the period ends.';
