-- Marks all of the hours, or the tenants' buckets, that raw rows or rollups hold anything of, whether they differ or
-- not. A frozen hour that is to be thawed is marked as of a time at which it was not frozen yet. As many rows come as
-- go: should an hour be purged before the tick, none of them came too late.
with held as (
    -- One row: one (tenant, hour) with raw rows or rollups of them, and how many rows to read again.
    select
        n.tenant_id,
        n.bucket_start,
        n.requests as rows
    from pg_temp.api_hourly as n
    union all
    select
        n.tenant_id,
        n.bucket_start,
        n.records
    from pg_temp.usage_hourly as n
    union all
    select
        n.tenant_id,
        n.bucket_start,
        n.rows
    from pg_temp.rejected_by_tenant as n
    union all
    select
        d.tenant_id,
        d.bucket_start,
        0
    from differing as d
    where d.bucket_start is not null
)

insert into pipeline.marks (source, whole, tenant_id, bucket_start, added, removed, marked_at)
select
    :source,
    r.whole,
    r.tenant_id,
    r.bucket_start,
    sum(h.rows)::bigint / 2,
    sum(h.rows)::bigint / 2,
    least(cast(:judged_at as timestamptz), r.bucket_start + cast(:horizon as interval))
from redo as r
inner join held as h on r.bucket_start = h.bucket_start and (r.whole or r.tenant_id = h.tenant_id)
group by r.whole, r.tenant_id, r.bucket_start
