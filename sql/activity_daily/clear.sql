-- Only what is no longer right goes, and marks the platform's day.
with gone as (
    delete from pipeline.activity_daily as d
    using touched_activity as t
    where
        d.day = t.day
        and d.tenant_id = t.tenant_id
        and not exists (
            select from right_activity as r
            where
                r.day = d.day
                and r.tenant_id = d.tenant_id
                and r.requests = d.requests
                and r.ai_tokens = d.ai_tokens
                and r.records = d.records
        )
    returning d.day
)

insert into pipeline.marked_platform_days (day)
select distinct day
from gone
