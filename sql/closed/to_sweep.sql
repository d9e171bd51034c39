-- One row: one path at which nothing may be. Folders of forgotten tenants have a sweep, and a tombstone, of their own.
select c.path
from pipeline.closed_paths as c
where
    c.swept_until > clock_timestamp()
    and not exists (
        select
        from pipeline.forgotten as f
        where split_part(c.path, '/', 3) = any(f.keys)
    )
order by c.path
