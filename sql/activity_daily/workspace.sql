-- The workspace of one pass; it goes with the transaction.
create temp table touched_activity on commit drop as
select
    tenant_id,
    day,
    current_timestamp as day_start,
    current_timestamp as day_end
from pipeline.marked_activity
with no data;

create temp table right_activity on commit drop as
select
    day,
    tenant_id,
    requests,
    ai_tokens,
    records
from pipeline.activity_daily
with no data;
