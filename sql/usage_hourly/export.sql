-- One row: one of the export, of [:start, :end).
select
    r.tenant_id,
    r.bucket_start,
    r.quota_type,
    pipeline.exported(r.amount)::numeric(38, 18) as amount,
    r.records
from rollup.usage_hourly as r
where
    r.bucket_start >= cast(:start as timestamptz)
    and r.bucket_start < cast(:end as timestamptz)
order by r.tenant_id, r.bucket_start, r.quota_type
