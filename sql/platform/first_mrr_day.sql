-- The first day of which MRR is known; null where none is.
select min(day) as day
from rollup.mrr_daily
