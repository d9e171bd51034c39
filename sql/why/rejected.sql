-- One row: one reason for which rows of a tenant could not be used, in the seven days before :now or in no hour.
select
    source,
    reason,
    sum(rows)::bigint as rows
from pipeline.rejected_by_tenant
where
    tenant_id = :tenant
    and source in ('api_requests', 'usage_records')
    and (bucket_start >= cast(:now as timestamptz) - interval '7 days' or bucket_start = '-infinity')
group by source, reason
order by source, reason
