-- A file is in the ledger before it is in the store, as one that nothing lists: a killed run leaves no file unknown.
-- A page that is known has this very content; of a dashboard nothing is certain until the write is noted, so that one
-- whose write was cut off is written again even where its numbers go back to what they were.
insert into pipeline.files as f (
    tenant_id, path, kind, page, content_hash, bytes, page_from, page_to, seq, is_former, superseded_at
)
select
    k.tenant_id,
    :path,
    :kind,
    :page,
    :content_hash,
    :bytes,
    cast(:page_from as timestamptz),
    cast(:page_to as timestamptz),
    :seq,
    :is_former,
    clock_timestamp()
from pipeline.tenant_state as k
where k.tenant_id = :tenant
-- Held, so that a tenant that is being forgotten is either still there with its files, or has none.
for key share
on conflict (tenant_id, path) do update
    set content_hash = ''
    where f.kind = 'dashboard'
