-- One row: one rollup with marked days.
select distinct rollup
from pipeline.marked_days
