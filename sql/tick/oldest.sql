select min(bucket_start) as oldest from redo
