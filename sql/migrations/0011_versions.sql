-- What the store calls a dashboard that is up is noted from here on; until then the store is asked.
alter table pipeline.files add column if not exists version text;
