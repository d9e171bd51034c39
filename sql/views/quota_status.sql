create or replace view rollup.quota_status as
-- One row: one quota and the period that it is in now.
with placed as (
    select
        q.tenant_id,
        q.quota_type,
        q.period,
        q.limit_amount,
        k.zone,
        t.today,
        g.data_through,
        p.first_day,
        p.next_day
    from pipeline.tenant_quotas as q
    inner join pipeline.tenant_state as k on q.tenant_id = k.tenant_id
    cross join pipeline.progress as g
    cross join lateral (select (g.data_through at time zone k.zone)::date as today) as t
    cross join lateral pipeline.quota_period(t.today, q.period, q.anchor_day) as p
    where k.zone is not null and not k.deleted and g.data_through is not null
),

-- One row: one kind of usage of one tenant on one of the days that a period now may have.
used as (
    select
        a.tenant_id,
        'api_calls' as quota_type,
        a.day,
        sum(a.requests) as amount
    from rollup.api_daily as a
    where a.day >= (select (g.data_through at time zone 'UTC')::date - 33 from pipeline.progress as g)
    group by a.tenant_id, a.day
    union all
    select
        u.tenant_id,
        u.quota_type,
        u.day,
        u.amount
    from rollup.usage_daily as u
    where u.day >= (select (g.data_through at time zone 'UTC')::date - 33 from pipeline.progress as g)
),

-- One row: one quota and all that is used of it.
summed as (
    select
        p.tenant_id,
        p.quota_type,
        p.period,
        p.limit_amount,
        p.zone,
        p.first_day,
        p.next_day,
        coalesce(sum(u.amount), 0) as used
    from placed as p
    left join used as u
        on
            p.tenant_id = u.tenant_id
            and p.quota_type = u.quota_type
            and p.first_day <= u.day
            and p.today >= u.day
    group by p.tenant_id, p.quota_type, p.period, p.limit_amount, p.zone, p.first_day, p.next_day
)

select
    s.tenant_id,
    s.quota_type,
    s.period,
    s.first_day,
    pipeline.day_start(s.first_day, s.zone) as period_start,
    pipeline.day_start(s.next_day, s.zone) as resets_at,
    s.used,
    s.limit_amount,
    -- Whole hundredths first: a quotient of all digits would be rounded before it is cut.
    trunc(div(s.used * 10000, nullif(s.limit_amount, 0)) / 100, 2) as used_pct,
    case
        when s.limit_amount is null then 'unlimited'
        when s.used > 0 and s.used >= s.limit_amount then 'over'
        when s.limit_amount > 0 and s.used >= s.limit_amount * 0.8 then 'near'
        else 'ok'
    end as status
from summed as s;
comment on view rollup.quota_status is
'How much of each quota is used in the period that it is in at pipeline.progress.data_through: what dashboards say.';
comment on column rollup.quota_status.tenant_id is 'Tenant; deleted ones have no row.';
comment on column rollup.quota_status.quota_type is 'Kind of usage; api_calls are requests.';
comment on column rollup.quota_status.period is 'day or month, in the tenant''s zone.';
comment on column rollup.quota_status.first_day is 'First day of the period, in the tenant''s zone.';
comment on column rollup.quota_status.period_start is 'When the period began.';
comment on column rollup.quota_status.resets_at is 'When it ends; what is used then is the next one''s.';
comment on column rollup.quota_status.used is 'Used in the period, exact.';
comment on column rollup.quota_status.limit_amount is 'How much may be used; null: unlimited.';
comment on column rollup.quota_status.used_pct is
'used in percent of limit_amount, rounded down to two decimals; null without a limit and where nothing is allowed.';
comment on column rollup.quota_status.status is 'ok, near (80 % and more), over (100 % and more), unlimited.';
