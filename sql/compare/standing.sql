-- One row: how far the rollups are, since when hours are kept, and the time at which buckets are judged.
select
    p.data_through,
    p.hours_from,
    p.days_from,
    clock_timestamp() as judged_at
from pipeline.progress as p
