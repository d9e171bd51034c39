-- Every day that has sums, or anything to sum up.
insert into platform_days (day)
select d.day
from (
    select day from rollup.platform_daily
    union
    select day from rollup.cost_daily
    union
    select day from rollup.mrr_daily
    union
    select day from pipeline.activity_daily
) as d
where d.day >= cast(:first_day as date) and d.day < cast(:end_day as date)
