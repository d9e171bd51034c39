-- Above all that was ever given out, here or, by a database since restored from a backup, in status.json.
update pipeline.progress
set seq = greatest(seq, :published) + 1
returning seq
