-- All stored hours of tenants whose zone changed: their days are derived anew.
insert into touched (tenant_id, bucket_start)
select distinct
    h.tenant_id,
    h.bucket_start
from changed as c
inner join rollup.api_hourly as h on c.tenant_id = h.tenant_id
where c.rezoned
union
select distinct
    h.tenant_id,
    h.bucket_start
from changed as c
inner join rollup.usage_hourly as h on c.tenant_id = h.tenant_id
where c.rezoned
