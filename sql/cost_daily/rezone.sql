-- Tenants whose zone is another one than that of their last cost days. What has closed stays in the old zone.
with latest as (
    select distinct on (z.tenant_id)
        z.tenant_id,
        z.zone
    from pipeline.cost_zones as z
    order by z.tenant_id asc, z.first_day desc
),

moved as (
    select
        l.tenant_id,
        l.zone as old_zone,
        k.zone as new_zone
    from latest as l
    inner join pipeline.tenant_state as k on l.tenant_id = k.tenant_id
    where k.zone <> l.zone
),

-- One row: one tenant, and its first day that is still open.
judged as (
    select
        m.tenant_id,
        m.new_zone,
        case
            when g.data_through is null then '-infinity'
            else ((g.data_through - cast(:open_time as interval)) at time zone m.old_zone)::date
        end as first_open
    from moved as m
    cross join pipeline.progress as g
),

starting as (
    select
        j.tenant_id,
        j.new_zone,
        case
            when exists (select from rollup.cost_daily as c where c.tenant_id = j.tenant_id and c.day < j.first_open)
                then j.first_open
            else '-infinity'
        end as first_day
    from judged as j
),

dropped as (
    delete from pipeline.cost_zones as z
    using starting as s
    where z.tenant_id = s.tenant_id and z.first_day > s.first_day
),

entered as (
    insert into pipeline.cost_zones (tenant_id, first_day, zone)
    select
        tenant_id,
        first_day,
        new_zone
    from starting
    on conflict (tenant_id, first_day) do update set zone = excluded.zone
),

-- Lines of days that the new zone may not have, and all days that it has.
marked as (
    insert into pipeline.marked_costs (tenant_id, day)
    select
        s.tenant_id,
        d.day
    from starting as s
    cross join lateral (
        select c.day from rollup.cost_daily as c
        where c.tenant_id = s.tenant_id and c.day >= s.first_day
        union
        select a.day from rollup.api_daily as a
        where a.tenant_id = s.tenant_id and a.day >= s.first_day
        union
        select u.day from rollup.usage_daily as u
        where u.tenant_id = s.tenant_id and u.day >= s.first_day
    ) as d
)

select count(*) as tenants
from starting
