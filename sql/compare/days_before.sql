-- One row: one tenant's day as it is stored, and as its stored hours give it; no tick touches a day without a zone.
select
    t.tenant_id::text as tenant,
    t.day,
    (
        select coalesce(sum(d.requests), 0)::bigint from rollup.api_daily as d
        where d.tenant_id = t.tenant_id and d.day = t.day
    ) as requests,
    (
        select coalesce(sum(d.amount), 0) from rollup.usage_daily as d
        where d.tenant_id = t.tenant_id and d.day = t.day and d.quota_type like 'ai\_tokens\_%'
    ) as tokens,
    (
        select coalesce(sum(h.requests), 0)::bigint from rollup.api_hourly as h
        where
            h.tenant_id = t.tenant_id
            and h.bucket_start >= pipeline.day_start(t.day, z.zone)
            and h.bucket_start < pipeline.day_start(t.day + 1, z.zone)
    ) as requests_by_hours,
    (
        select coalesce(sum(h.amount), 0) from rollup.usage_hourly as h
        where
            h.tenant_id = t.tenant_id
            and h.bucket_start >= pipeline.day_start(t.day, z.zone)
            and h.bucket_start < pipeline.day_start(t.day + 1, z.zone)
            and h.quota_type like 'ai\_tokens\_%'
    ) as tokens_by_hours
from jsonb_populate_recordset(null::pipeline.queue, cast(:places as jsonb)) as t
left join pipeline.tenant_state as k on t.tenant_id = k.tenant_id
cross join lateral (select case when k.tenant_id is null then :timezone else k.zone end as zone) as z
where z.zone is not null
