insert into pipeline.files (tenant_id, path, kind, page, content_hash, bytes, page_from, page_to, seq)
values (:tenant, :path, :kind, :page, :content_hash, :bytes, :page_from, :page_to, :seq)
on conflict (tenant_id, path) do update
    set content_hash = excluded.content_hash, bytes = excluded.bytes, seq = excluded.seq, superseded_at = null
