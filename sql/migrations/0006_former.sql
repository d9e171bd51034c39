-- Files under the keys of an earlier secret are told apart: while one is named, they are kept up beside the others.
alter table if exists pipeline.files add column if not exists is_former boolean not null default false;
alter table if exists pipeline.platform_files add column if not exists is_former boolean not null default false;
drop index if exists pipeline.files_current;
drop index if exists pipeline.platform_files_current;
drop index if exists pipeline.exports_current;
