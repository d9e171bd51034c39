-- Nobody is as late as that: they were looked at once more after it, or their folders have a sweep of their own.
delete from pipeline.closed_paths as c
where
    c.swept_until <= clock_timestamp()
    and (
        c.looked_at >= c.swept_until
        or exists (
            select
            from pipeline.forgotten as f
            where split_part(c.path, '/', 3) = any(f.keys)
        )
    )
