insert into redo (whole, bucket_start)
select
    true,
    h.bucket_start
from generate_series(:start, cast(:end as timestamptz) - interval '1 hour', interval '1 hour') as h (bucket_start)
where h.bucket_start not in (select f.bucket_start from frozen as f)
