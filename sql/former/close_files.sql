-- What is left under the keys of earlier secrets is due to be collected.
update pipeline.files
set superseded_at = '-infinity'
where is_former and superseded_at is not null
