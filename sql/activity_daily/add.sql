with added as (
    insert into pipeline.activity_daily
    select r.*
    from right_activity as r
    where not exists (select from pipeline.activity_daily as d where d.day = r.day and d.tenant_id = r.tenant_id)
    returning day
)

insert into pipeline.marked_platform_days (day)
select distinct day
from added
