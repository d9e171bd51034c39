-- What status.json has to be is noted, so that one that was altered is found.
alter table pipeline.progress add column if not exists status_hash text;
alter table pipeline.progress add column if not exists status_planned text;
