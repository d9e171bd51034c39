-- One row: how far the platform is, and the clock that all machines share.
select
    clock_timestamp() as now,
    data_through,
    published_through
from pipeline.progress
