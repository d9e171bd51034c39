-- One row: one partition that is to be dropped.
select name
from pipeline.dropping
