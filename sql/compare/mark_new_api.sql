-- Marks the hours of a read-only source that no tick has rolled up yet, as of their own end: whatever their age, they
-- come in time.
insert into pipeline.marks (source, whole, bucket_start, added, marked_at)
select
    'api_requests',
    true,
    e.bucket_start,
    count(*),
    e.bucket_start + interval '1 hour'
from pipeline.api_events(:start, :end) as e
group by e.bucket_start
