insert into pipeline.runs (verb, as_of)
values (:verb, :as_of)
returning run_id
