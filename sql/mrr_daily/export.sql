-- One row: one of the export, of [:start, :end).
select
    r.day,
    r.plan,
    r.tenants,
    r.subscriptions,
    pipeline.exported(r.mrr)::numeric(38, 18) as mrr,
    r.unpriced
from rollup.mrr_daily as r
where
    r.day >= cast(:start as date)
    and r.day < cast(:end as date)
order by r.day, r.plan
