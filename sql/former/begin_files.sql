-- Other keys, or another store: what is noted of tenants' files speaks of the place before. They are kept up where
-- its secret is named as the previous one; else they stay as they are until they are collected.
update pipeline.files
set
    is_former = true,
    superseded_at = case when not :kept then coalesce(superseded_at, clock_timestamp()) else superseded_at end
where not is_former
