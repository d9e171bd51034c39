-- The hours of some tenants; their ids come as text and are read as the type that tenant ids have here.
insert into redo (whole, tenant_id, bucket_start)
select
    false,
    t.tenant_id,
    h.bucket_start
from generate_series(:start, cast(:end as timestamptz) - interval '1 hour', interval '1 hour') as h (bucket_start)
cross join jsonb_populate_recordset(null::pipeline.marks, cast(:tenants as jsonb)) as t
where
    h.bucket_start not in (select f.bucket_start from frozen as f)
    -- After data_through only hours that hold anything: what a tick that was killed has left, or somebody by hand.
    and (
        h.bucket_start < :data_through
        or h.bucket_start in (
            select s.bucket_start from pipeline.stored_hours as s
            where s.source = :source and s.bucket_start >= :start and s.bucket_start < :end
            union all
            select j.bucket_start from pipeline.rejected_by_tenant as j
            where j.source = :source and j.bucket_start >= :start and j.bucket_start < :end
        )
    )
