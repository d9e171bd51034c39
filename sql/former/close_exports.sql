-- The same of the export, which tells places apart by itself.
update pipeline.exports
set superseded_at = '-infinity'
where place <> all(cast(:places as text[]))
