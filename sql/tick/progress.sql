select
    data_through,
    seq,
    hours_from,
    days_from
from pipeline.progress
