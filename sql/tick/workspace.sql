-- The workspace of one chunk; it goes with the transaction.
create temp table redo on commit drop as
select
    whole,
    tenant_id,
    bucket_start
from pipeline.marks
with no data;

create temp table touched on commit drop as
select
    tenant_id,
    bucket_start
from pipeline.marks
with no data;

create temp table touched_days on commit drop as
select
    tenant_id,
    ''::text as zone,
    current_date as day,
    bucket_start as day_start,
    bucket_start as day_end
from pipeline.marks
with no data;

-- Forgotten tenants of which rows have come.
create temp table refused on commit drop as
select
    tenant_id,
    ''::text as digest
from pipeline.marks
with no data;

-- Hours whose rejected rows are summed anew.
create temp table recounted on commit drop as
select bucket_start
from pipeline.marks
with no data;
