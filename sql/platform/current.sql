-- One row: one current file of the platform.
select
    kind,
    page,
    path,
    content_hash,
    bytes
from pipeline.platform_files
where superseded_at is null
