-- One row: how far the platform is.
select
    data_through,
    published_through,
    seq,
    hours_from
from pipeline.progress
