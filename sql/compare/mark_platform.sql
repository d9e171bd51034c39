-- Marks the platform's days that differ.
insert into pipeline.marked_platform_days (day)
select d.day
from differing as d
where d.rollup = 'platform_daily' and not d.waiting
