-- Who asked for it: the user as the database knows it, then as the machine does.
insert into pipeline.runs (verb, as_of, reason, requested_by)
values (:verb, :as_of, :reason, session_user || ', ' || cast(:requested_by as text))
returning run_id
