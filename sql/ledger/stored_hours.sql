create or replace view pipeline.stored_hours as
select
    'api_requests' as source,
    h.bucket_start
from rollup.api_hourly as h
union all
select
    'usage_records',
    h.bucket_start
from rollup.usage_hourly as h
union all
select
    r.source,
    r.bucket_start
from rollup.rejected_hourly as r;
comment on view pipeline.stored_hours is
'Hours that the rollups hold something of, by raw table; an hour may stand there many times.';
