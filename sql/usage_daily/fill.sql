insert into @rollup.usage_daily
select
    t.tenant_id,
    t.day,
    h.quota_type,
    sum(h.amount) as amount,
    sum(h.records)::bigint as records
from touched_days as t
inner join @hours.usage_hourly as h
    on
        t.tenant_id = h.tenant_id
        and t.day_start <= h.bucket_start
        and t.day_end > h.bucket_start
        -- Keeps the work off all other days, however the planner joins.
        and h.bucket_start >= (select min(b.day_start) from touched_days as b)
        and h.bucket_start < (select max(b.day_end) from touched_days as b)
group by t.tenant_id, t.day, h.quota_type
