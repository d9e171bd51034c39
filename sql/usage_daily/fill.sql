insert into @rollup.usage_daily
select
    t.tenant_id,
    t.day,
    h.quota_type,
    sum(h.amount) as amount,
    sum(h.records)::bigint as records
from touched_days as t
inner join rollup.usage_hourly as h
    on t.tenant_id = h.tenant_id and t.day_start <= h.bucket_start and t.day_end > h.bucket_start
group by t.tenant_id, t.day, h.quota_type
