insert into rollup.platform_daily
select r.*
from right_platform as r
where not exists (select from rollup.platform_daily as d where d.day = r.day)
