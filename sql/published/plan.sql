-- A file is in the ledger before it is in the store, as one that nothing lists: a killed run leaves no file unknown.
-- A page that is known has this very content; of a dashboard nothing is certain until the write is noted, so that one
-- whose write was cut off is written again even where its numbers go back to what they were.
insert into pipeline.files as f (
    tenant_id, path, kind, page, content_hash, bytes, page_from, page_to, seq, is_former, superseded_at
)
values (
    :tenant, :path, :kind, :page, :content_hash, :bytes, :page_from, :page_to, :seq, :is_former, clock_timestamp()
)
on conflict (tenant_id, path) do update
    set content_hash = ''
    where f.kind = 'dashboard'
