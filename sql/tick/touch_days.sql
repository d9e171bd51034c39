-- The tenants' own days that hold the touched hours. A tenant with an unusable zone has none.
with zoned as (
    -- One row: one touched hour and the zone of its tenant; a tenant that nobody knows yet has the platform's.
    select
        t.tenant_id,
        t.bucket_start,
        case when s.tenant_id is null then :timezone else s.zone end as zone
    from touched as t
    left join pipeline.tenant_state as s on t.tenant_id = s.tenant_id
),

days as (
    select distinct
        tenant_id,
        zone,
        (bucket_start at time zone zone)::date as day
    from zoned
    where zone is not null
)

insert into touched_days (tenant_id, zone, day, day_start, day_end)
select
    tenant_id,
    zone,
    day,
    pipeline.day_start(day, zone),
    pipeline.day_start(day + 1, zone)
from days
