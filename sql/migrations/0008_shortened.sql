-- Which dashboards have shorter lists than usual is noted from here on.
alter table pipeline.files add column if not exists shortened text;
