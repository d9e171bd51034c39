-- One row if a tenant's first screen is up: its path, its number, and when the publish that wrote it ended.
select
    f.path,
    f.seq,
    (
        select min(r.finished_at)
        from pipeline.runs as r
        where r.verb = 'publish' and (r.report ->> 'seq')::bigint = f.seq
    ) as written_at
from pipeline.files as f
where f.tenant_id = :tenant and f.kind = 'dashboard' and f.superseded_at is null and not f.is_former
