delete from pipeline.sources
where source = :source
