update pipeline.loads
set file_name = :reason
where load_id = :entry
