-- Whether `init` has run here.
select to_regclass('pipeline.loads') is not null as ready
