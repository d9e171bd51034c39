-- Late rows, corrections and deletions are made once for each :until; no row is updated where they were.
update pipeline.demo
set changed_as_of = :until
where changed_as_of is distinct from cast(:until as timestamptz)
