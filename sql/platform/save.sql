insert into pipeline.platform_files (path, kind, page, content_hash, bytes, seq, is_former)
values (:path, :kind, :page, :content_hash, :bytes, :seq, :is_former)
on conflict (path) do update
    set
        content_hash = excluded.content_hash,
        bytes = excluded.bytes,
        seq = excluded.seq,
        is_former = excluded.is_former,
        superseded_at = null
