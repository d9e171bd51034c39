-- Frozen hours without a single raw row have not been restored: recomputed, they would be empty.
delete from redo as r
where
    (
        r.bucket_start < cast(:judged_at as timestamptz) - cast(:horizon as interval)
        or exists (
            select from pipeline.purged_hours as b
            where b.source = :source and b.bucket_start = r.bucket_start
        )
    )
    and r.bucket_start not in (
        select n.bucket_start from pg_temp.api_hourly as n
        union all
        select n.bucket_start from pg_temp.usage_hourly as n
        union all
        select n.bucket_start from pg_temp.rejected_by_tenant as n
    )
    and exists (select from pipeline.stored_hours as s where s.source = :source and s.bucket_start = r.bucket_start)
