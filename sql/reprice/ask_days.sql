-- The days with costs, or with usage. Where a zone changes, the days around the range are others as well.
-- What forgotten tenants have cost stays as it was.
insert into asked_days (tenant_id, day)
select
    tenant_id,
    day
from rollup.cost_daily
where
    day >= :first_day
    and day < :end_day
    and tenant_id not in (select s.tenant_id from pipeline.stand_ins as s)
union
select
    tenant_id,
    day
from rollup.api_daily
where day >= :first_day and day < :end_day
union
select
    tenant_id,
    day
from rollup.usage_daily
where day >= :first_day and day < :end_day
union
select
    r.tenant_id,
    n.day::date
from rezoned as r
cross join generate_series(
    cast(:first_day as date) - 2, cast(:end_day as date) + 2, interval '1 day'
) as n (day)
