-- Days that were marked themselves; those that have lost hours to retention stay as they are.
with taken as (
    delete from pipeline.marked_days
    where rollup = :rollup
    returning
        tenant_id,
        day
),

zoned as (
    select distinct
        t.tenant_id,
        t.day,
        case when s.tenant_id is null then :timezone else s.zone end as zone
    from taken as t
    left join pipeline.tenant_state as s on t.tenant_id = s.tenant_id
)

insert into touched_days (tenant_id, zone, day, day_start, day_end)
select
    z.tenant_id,
    z.zone,
    z.day,
    pipeline.day_start(z.day, z.zone),
    pipeline.day_start(z.day + 1, z.zone)
from zoned as z
cross join pipeline.progress as p
where
    z.zone is not null
    and (p.hours_from is null or pipeline.day_start(z.day, z.zone) >= p.hours_from - interval '2 days')
