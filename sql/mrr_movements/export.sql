-- One row: one of the export, of [:start, :end).
select
    r.day,
    r.tenant_id,
    r.movement,
    pipeline.exported(r.amount)::numeric(38, 18) as amount
from rollup.mrr_movements as r
where
    r.day >= cast(:start as date)
    and r.day < cast(:end as date)
order by r.day, r.tenant_id, r.movement
