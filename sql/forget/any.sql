-- Whether any tenant has been forgotten.
select count(*) > 0 as known
from pipeline.forgotten
