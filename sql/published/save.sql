insert into pipeline.files (
    tenant_id, path, kind, page, content_hash, bytes, page_from, page_to, seq, is_former, shortened, version
)
values (
    :tenant, :path, :kind, :page, :content_hash, :bytes, :page_from, :page_to, :seq, :is_former, :shortened, :version
)
on conflict (tenant_id, path) do update
    set
        content_hash = excluded.content_hash,
        bytes = excluded.bytes,
        seq = excluded.seq,
        is_former = excluded.is_former,
        shortened = excluded.shortened,
        version = excluded.version,
        superseded_at = null
