-- Runs that somebody asks for on purpose say why, and who asked.
alter table pipeline.runs add column if not exists reason text;
alter table pipeline.runs add column if not exists requested_by text;
