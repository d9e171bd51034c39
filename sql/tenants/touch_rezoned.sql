-- The stored hours of tenants whose zone changed: their days are derived anew, from the first one on that has lost no
-- hour to retention. What lies before stays as it was.
with rezoned as (
    select
        c.tenant_id,
        coalesce(pipeline.day_start((p.hours_from at time zone 'UTC')::date, c.zone), '-infinity') as hours_from
    from changed as c
    cross join pipeline.progress as p
    where c.rezoned
)

insert into touched (tenant_id, bucket_start)
select
    h.tenant_id,
    h.bucket_start
from rezoned as c
inner join rollup.api_hourly as h on c.tenant_id = h.tenant_id and c.hours_from <= h.bucket_start
union
select
    h.tenant_id,
    h.bucket_start
from rezoned as c
inner join rollup.usage_hourly as h on c.tenant_id = h.tenant_id and c.hours_from <= h.bucket_start
