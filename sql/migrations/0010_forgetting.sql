-- Tenants can be forgotten: rows that still come of one are counted without saying whose they are.
alter table pipeline.progress add column if not exists forget_salt bytea not null
default sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));
alter table if exists pipeline.rejected_by_tenant add column if not exists forgotten text;
