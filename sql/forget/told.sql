-- The edge has been told of these paths.
update pipeline.forgotten
set
    to_invalidate = array(
        select unnest(to_invalidate)
        except
        select unnest(cast(:paths as text[]))
    )
where digest = :digest
