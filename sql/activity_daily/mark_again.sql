-- Hours that are stored past the end of this tick, by one that was killed, are counted once a tick reaches them.
insert into pipeline.marked_activity (tenant_id, day)
select
    t.tenant_id,
    t.day
from touched_activity as t
where
    t.day_end > :through
    and (
        exists (
            select from rollup.api_hourly as h
            where h.tenant_id = t.tenant_id and h.bucket_start >= :through and h.bucket_start < t.day_end
        )
        or exists (
            select from rollup.usage_hourly as h
            where h.tenant_id = t.tenant_id and h.bucket_start >= :through and h.bucket_start < t.day_end
        )
    )
