with changed as (
    select distinct
        tenant_id,
        day
    from changed_costs
),

queued as (
    insert into pipeline.queue (tenant_id, day, data_through)
    select
        tenant_id,
        day,
        :through
    from changed
),

marked as (
    insert into pipeline.marked_platform_days (day)
    select distinct day
    from changed
)

select count(*) as days
from changed
