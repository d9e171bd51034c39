-- One row: how far the platform is.
select
    schema_version,
    data_through,
    published_through,
    seq
from pipeline.progress
