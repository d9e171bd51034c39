-- The next :most days go into the workspace of costs: those that [:start, :end) touches. Where a tenant's zone cannot
-- be used, no tick touches its days.
with taken as (
    delete from asked_costs as a
    using (
        select
            tenant_id,
            day
        from asked_costs
        order by day, tenant_id
        limit :most
    ) as s
    where a.tenant_id = s.tenant_id and a.day = s.day
    returning
        a.tenant_id,
        a.day
),

listed as (
    select
        array_agg(tenant_id) as tenants,
        array_agg(day) as days
    from taken
)

insert into cost_days (tenant_id, day, starts_at, ends_at, book, by_hours)
select
    d.tenant_id,
    d.day,
    d.starts_at,
    d.ends_at,
    d.book,
    d.by_hours
from listed as l
cross join lateral pipeline.judged_cost_days(l.tenants, l.days, cast(:open_time as interval)) as d
where
    d.ends_at > cast(:start as timestamptz)
    and d.starts_at < cast(:end as timestamptz)
    and not exists (select from pipeline.tenant_state as k where k.tenant_id = d.tenant_id and k.zone is null)
