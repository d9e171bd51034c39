-- A file in the store may carry a number that this database has not given, being restored from a backup.
update pipeline.progress
set seq = greatest(seq, :seen)
where seq < :seen
