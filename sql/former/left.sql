-- How many files are left under the keys of earlier secrets.
select
    (select count(*) from pipeline.files as f where f.is_former)
    + (select count(*) from pipeline.platform_files as p where p.is_former)
    + (select count(*) from pipeline.exports as e where e.place <> all(cast(:places as text[]))) as files
