-- Money has tables of its own. A tenant whose quotas change is looked at anew; how they stood is kept as a digest.
alter table pipeline.tenant_state add column if not exists quotas text;
alter table pipeline.progress add column if not exists currency text;
