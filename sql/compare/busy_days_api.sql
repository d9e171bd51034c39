-- One row: one day (UTC) of [:start, :end) with requests, or with rollups of them. A tenant's day may begin on the
-- UTC day before its first hour, so an hour leads to that day too.
select distinct date_bin(interval '1 day', e.bucket_start, timestamptz '2000-01-01 00:00:00+00') as busy_day
from pipeline.api_events(:start, :end) as e
union
select date_bin(interval '1 day', s.bucket_start - n.days_before, timestamptz '2000-01-01 00:00:00+00')
from pipeline.stored_hours as s
cross join (values (interval '0 days'), (interval '1 day')) as n (days_before)
where
    s.source = 'api_requests' and s.bucket_start >= :start
    and s.bucket_start < cast(:end as timestamptz) + interval '1 day'
union
select date_bin(interval '1 day', j.bucket_start, timestamptz '2000-01-01 00:00:00+00')
from pipeline.rejected_by_tenant as j
where j.source = 'api_requests' and j.bucket_start >= :start and j.bucket_start < :end
union
select d.day::timestamp at time zone 'UTC' - n.days_before
from rollup.api_daily as d
cross join (values (interval '0 days'), (interval '1 day')) as n (days_before)
where
    d.day >= (cast(:start as timestamptz) at time zone 'UTC')::date
    and d.day <= (cast(:end as timestamptz) at time zone 'UTC')::date
order by busy_day
