select
    data_through,
    seq
from pipeline.progress
