-- A file is in the ledger before it is in the store, as one that nothing lists: a killed run leaves no file unknown.
insert into pipeline.files (tenant_id, path, kind, page, content_hash, bytes, page_from, page_to, seq, superseded_at)
values (:tenant, :path, :kind, :page, :content_hash, :bytes, :page_from, :page_to, :seq, :at)
on conflict (tenant_id, path) do nothing
