-- Whether hours are stored in [:start, :end).
select
    exists (
        select from rollup.api_hourly
        where bucket_start >= coalesce(cast(:start as timestamptz), '-infinity') and bucket_start < :end
    )
    or exists (
        select from rollup.usage_hourly
        where bucket_start >= coalesce(cast(:start as timestamptz), '-infinity') and bucket_start < :end
    ) as present
