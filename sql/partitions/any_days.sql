-- Whether days are stored in [:start, :end).
select
    exists (
        select from rollup.api_daily
        where day >= coalesce(cast(:start as date), '-infinity') and day < :end
    )
    or exists (
        select from rollup.usage_daily
        where day >= coalesce(cast(:start as date), '-infinity') and day < :end
    ) as present
