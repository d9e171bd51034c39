create or replace view rollup.usage_by_tenant_month as
-- One row: one tenant, month and measure; a measure stands in one of the two tables.
with measured as (
    select
        a.tenant_id,
        date_trunc('month', a.day::timestamp)::date as month,
        sum(a.requests) as requests,
        sum(a.client_errors + a.server_errors) as errors,
        0::numeric as ai_tokens,
        0::numeric as records
    from rollup.api_daily as a
    group by a.tenant_id, date_trunc('month', a.day::timestamp)::date
    union all
    select
        u.tenant_id,
        date_trunc('month', u.day::timestamp)::date as month,
        0::numeric as requests,
        0::numeric as errors,
        coalesce(sum(u.amount) filter (where u.quota_type like 'ai\_tokens\_%'), 0) as ai_tokens,
        sum(u.records) as records
    from rollup.usage_daily as u
    group by u.tenant_id, date_trunc('month', u.day::timestamp)::date
)

select
    m.tenant_id,
    m.month,
    sum(m.requests)::bigint as requests,
    sum(m.errors)::bigint as errors,
    sum(m.ai_tokens) as ai_tokens,
    sum(m.records)::bigint as usage_records
from measured as m
group by m.tenant_id, m.month;
comment on view rollup.usage_by_tenant_month is
'Requests and AI tokens by tenant and month of its own days; a tenant without any has no row.';
comment on column rollup.usage_by_tenant_month.tenant_id is 'Tenant.';
comment on column rollup.usage_by_tenant_month.month is 'First day of the month.';
comment on column rollup.usage_by_tenant_month.requests is 'Requests.';
comment on column rollup.usage_by_tenant_month.errors is 'Requests with status 400 to 599.';
comment on column rollup.usage_by_tenant_month.ai_tokens is 'Sum of the usage whose kind is ai_tokens_<model>, exact.';
comment on column rollup.usage_by_tenant_month.usage_records is 'Usage records of any kind.';
