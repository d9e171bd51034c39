-- One row: one file of the platform or of the export that another has replaced: it may name the tenant.
select f.path
from pipeline.platform_files as f
where :ledger = 'platform_files' and f.superseded_at is not null
union all
select e.path
from pipeline.exports as e
where :ledger = 'exports' and e.superseded_at is not null
