-- Money has tables of its own; of the platform, the currency that its costs are in is kept.
alter table pipeline.progress add column if not exists currency text;
alter table pipeline.progress add column if not exists platform_zone text;
