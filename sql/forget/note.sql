-- Adds to what an erasure has to say, and to the paths of which the edge is to be told.
update pipeline.forgotten
set
    receipt = cast(:receipt as jsonb),
    to_invalidate = to_invalidate || cast(:paths as text[])
where digest = :digest
