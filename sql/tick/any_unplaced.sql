-- One row: one raw table with marks of rows that have no hour.
select distinct source
from pipeline.marks
where bucket_start = '-infinity'
order by source
