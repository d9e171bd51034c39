-- Marks of rows without an hour lose their name: the next tick counts all such rows anew.
update pipeline.marks
set tenant_id = null
where tenant_id = :tenant and bucket_start = '-infinity'
