delete from pipeline.dropping
where name = :partition
