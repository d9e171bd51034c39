-- These are about to be written by whoever may: a tenant that came back, a secret that is used again.
delete from pipeline.closed_paths
where path = any(cast(:paths as text[]))
