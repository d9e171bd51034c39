-- One row: one folder with paths at which nothing may be, first those that were not looked at for the longest. Folders
-- of forgotten tenants have a sweep, and a tombstone, of their own.
select
    w.folder,
    array_agg(w.path order by w.path) as paths
from (
    select
        c.path,
        c.looked_at,
        concat_ws('/', split_part(c.path, '/', 1), split_part(c.path, '/', 2), split_part(c.path, '/', 3)) as folder
    from pipeline.closed_paths as c
    where
        not exists (
            select
            from pipeline.forgotten as f
            where split_part(c.path, '/', 3) = any(f.keys)
        )
) as w
group by w.folder
order by min(w.looked_at) nulls first, w.folder
limit :most
