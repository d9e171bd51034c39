insert into pipeline.marks (source, whole, bucket_start)
values (:source, true, '-infinity')
