-- One row: control totals over the complete hours that are neither frozen nor waiting.
with settled as (
    select r.bucket_start
    from redo as r
    where r.bucket_start < :data_through and r.bucket_start not in (select w.bucket_start from waiting as w)
)

select
    (
        select count(*) from pipeline.usage_events(:start, :end) as e
        where e.bucket_start in (select s.bucket_start from settled as s)
    ) as raw_rows,
    (
        select coalesce(sum(h.records), 0)::bigint from rollup.usage_hourly as h
        where
            h.bucket_start >= :start
            and h.bucket_start < :end
            and h.bucket_start in (select s.bucket_start from settled as s)
    ) as counted_rows,
    -- A record that is refused may have several reasons, each counted: here it counts once.
    (
        select count(*) from pipeline.usage_events(:start, :end) as e
        where
            (
                e.tenant_id is null
                or e.amount is null
                or e.tenant_id in (select f.tenant_id from refused as f)
            )
            and e.bucket_start in (select s.bucket_start from settled as s)
    ) as refused_rows
