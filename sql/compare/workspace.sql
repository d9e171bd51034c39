-- The workspace of one comparison, beside that of a tick: the same rollups recomputed, and what differs from them.
create temp table api_hourly (like rollup.api_hourly) on commit drop;
create temp table usage_hourly (like rollup.usage_hourly) on commit drop;
create temp table api_daily (like rollup.api_daily) on commit drop;
create temp table usage_daily (like rollup.usage_daily) on commit drop;
-- The stored hours that days are rightly merged from.
create temp table right_api_hourly (like rollup.api_hourly) on commit drop;
create temp table right_usage_hourly (like rollup.usage_hourly) on commit drop;
create temp table rejected_hourly (like rollup.rejected_hourly) on commit drop;
create temp table rejected_by_tenant (like pipeline.rejected_by_tenant) on commit drop;

-- One row: one hour that stays as it is, whatever raw rows say.
create temp table frozen on commit drop as
select bucket_start
from pipeline.marks
with no data;

-- One row: one mark that the next tick takes.
create temp table waiting on commit drop as
select
    whole,
    tenant_id,
    bucket_start
from pipeline.marks
with no data;

-- One row: one bucket or day that differs; `names` counts its endpoints, kinds of usage or reasons that do.
create temp table differing on commit drop as
select
    ''::text as rollup,
    tenant_id,
    bucket_start,
    current_date as day,
    0::bigint as names,
    array['']::text[] as what,
    0::numeric as stored,
    0::numeric as recomputed,
    0::numeric as tokens_stored,
    0::numeric as tokens_recomputed,
    false as waiting
from pipeline.marks
with no data;

-- One row: one stored bucket, or sum of rejected rows, where none can be yet or ever: after data_through, or no hour.
create temp table misplaced on commit drop as
select
    ''::text as rollup,
    tenant_id,
    bucket_start
from pipeline.marks
with no data;
