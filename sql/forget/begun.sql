-- One row: whether there is anything of an export or of the platform, be it cut off: only then there is something to
-- publish anew.
select
    exists(select from pipeline.exports) as is_exported,
    p.published_through is not null or exists (select from pipeline.platform_files) as is_announced
from pipeline.progress as p
