-- Days that have lost hours to retention stay as they are, and those of forgotten tenants, which have no hours.
with taken as (
    delete from pipeline.marked_activity
    returning
        tenant_id,
        day
),

-- One row: one day, told once: to find its hours takes longer than to count them for a tenant.
days as (
    select
        day,
        pipeline.day_start(day, :timezone) as day_start,
        pipeline.day_start(day + 1, :timezone) as day_end
    from (select distinct day from taken) as d
)

insert into touched_activity (tenant_id, day, day_start, day_end)
select distinct
    t.tenant_id,
    d.day,
    d.day_start,
    d.day_end
from taken as t
inner join days as d on t.day = d.day
cross join pipeline.progress as g
where
    (g.hours_from is null or d.day_start >= g.hours_from - interval '2 days')
    and t.tenant_id not in (select s.tenant_id from pipeline.stand_ins as s)
