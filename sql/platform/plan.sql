-- A file is in the ledger before it is in the store, as one that nothing lists. Of a summary nothing is certain until
-- the write is noted.
insert into pipeline.platform_files as f (path, kind, page, content_hash, bytes, seq, is_former, superseded_at)
values (:path, :kind, :page, :content_hash, :bytes, :seq, :is_former, clock_timestamp())
on conflict (path) do update
    set content_hash = ''
    where f.kind = 'summary'
