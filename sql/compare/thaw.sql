-- From now on raw rows say all of these hours again.
delete from pipeline.purged_hours as b
where b.source = :source and b.bucket_start in (select r.bucket_start from redo as r)
