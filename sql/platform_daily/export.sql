-- One row: one of the export, of [:start, :end).
select
    r.day,
    r.active_tenants,
    r.requests,
    pipeline.exported(r.ai_tokens)::numeric(38, 18) as ai_tokens,
    pipeline.exported(r.cost)::numeric(38, 18) as cost,
    pipeline.exported(r.mrr)::numeric(38, 18) as mrr,
    r.unknown_costs
from rollup.platform_daily as r
where
    r.day >= cast(:start as date)
    and r.day < cast(:end as date)
order by r.day
