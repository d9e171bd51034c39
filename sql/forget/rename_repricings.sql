update pipeline.repricings
set reason = :reason
where repricing = :entry
