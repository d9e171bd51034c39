delete from pipeline.watched
where source = :source
