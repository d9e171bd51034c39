-- The tenants' own days that hold the touched hours. A tenant with an unusable zone has none.
insert into touched_days (tenant_id, zone, day, day_start, day_end)
select
    d.tenant_id,
    d.zone,
    d.day,
    d.day::timestamp at time zone d.zone,
    (d.day + 1)::timestamp at time zone d.zone
from (
    select distinct
        t.tenant_id,
        z.zone,
        (t.bucket_start at time zone z.zone)::date as day
    from (select distinct tenant_id, bucket_start from touched) as t
    left join pipeline.tenant_state as s on t.tenant_id = s.tenant_id
    cross join lateral (select case when s.tenant_id is null then :timezone else s.zone end as zone) as z
    where z.zone is not null
) as d
