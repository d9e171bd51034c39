update pipeline.closed_paths
set looked_at = clock_timestamp()
where path = any(cast(:paths as text[]))
