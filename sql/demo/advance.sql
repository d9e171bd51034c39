-- The rows up to :until are in; no row is updated where somebody else has moved on meanwhile.
update pipeline.demo
set loaded_through = :until
where loaded_through is not distinct from cast(:since as timestamptz)
