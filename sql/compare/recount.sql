insert into recounted (bucket_start)
select r.bucket_start
from redo as r
