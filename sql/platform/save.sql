insert into pipeline.platform_files (path, kind, page, content_hash, bytes, seq)
values (:path, :kind, :page, :content_hash, :bytes, :seq)
on conflict (path) do update
    set content_hash = excluded.content_hash, bytes = excluded.bytes, seq = excluded.seq, superseded_at = null
