-- Hours of [:start, :end) whose raw rows do not say all any more: dropped, older than the horizon, or purged. What has
-- been purged stays so, also where the horizon is not set any more.
insert into frozen (bucket_start)
select h.bucket_start
from generate_series(:start, cast(:end as timestamptz) - interval '1 hour', interval '1 hour') as h (bucket_start)
where
    h.bucket_start < cast(:hours_from as timestamptz)
    or (
        not :thaw
        and (
            h.bucket_start < cast(:judged_at as timestamptz) - cast(:horizon as interval)
            or exists (
                select from pipeline.purged_hours as b
                where b.source = :source and b.bucket_start = h.bucket_start
            )
        )
    )
