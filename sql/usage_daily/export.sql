-- One row: one of the export, of [:start, :end).
select
    r.tenant_id,
    r.day,
    r.quota_type,
    pipeline.exported(r.amount)::numeric(38, 18) as amount,
    r.records
from rollup.usage_daily as r
where
    r.day >= cast(:start as date)
    and r.day < cast(:end as date)
order by r.tenant_id, r.day, r.quota_type
