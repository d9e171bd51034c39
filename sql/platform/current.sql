-- One row: one current file of the platform, also under the keys of the previous secret.
select
    kind,
    page,
    path,
    content_hash,
    bytes,
    is_former
from pipeline.platform_files
where superseded_at is null
