select
    definition,
    timezone,
    day_through
from pipeline.mrr_progress
