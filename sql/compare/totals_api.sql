-- One row: control totals over the complete hours that are neither frozen nor waiting.
with settled as (
    select r.bucket_start
    from redo as r
    where r.bucket_start < :data_through and r.bucket_start not in (select w.bucket_start from waiting as w)
)

select
    (
        select count(*) from pipeline.api_events(:start, :end) as e
        where e.bucket_start in (select s.bucket_start from settled as s)
    ) as raw_rows,
    (
        select coalesce(sum(h.requests), 0)::bigint from rollup.api_hourly as h
        where
            h.bucket_start >= :start
            and h.bucket_start < :end
            and h.bucket_start in (select s.bucket_start from settled as s)
    ) as counted_rows,
    -- A request counts with whatever is wrong with it, unless it has no tenant, or one that was forgotten.
    (
        select coalesce(sum(j.rows), 0)::bigint from pipeline.rejected_by_tenant as j
        where
            j.source = 'api_requests'
            and j.reason in ('tenant_missing', 'forgotten')
            and j.bucket_start in (select s.bucket_start from settled as s)
    ) as refused_rows
