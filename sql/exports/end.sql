-- Files under the keys of a secret that is named no longer, or in another store, hold nothing any more.
update pipeline.exports
set superseded_at = clock_timestamp()
where
    superseded_at is null
    and place <> all(cast(:places as text[]))
