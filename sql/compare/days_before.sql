-- One row: one tenant's day as it is stored.
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
    ) as tokens
from jsonb_populate_recordset(null::pipeline.queue, cast(:places as jsonb)) as t
