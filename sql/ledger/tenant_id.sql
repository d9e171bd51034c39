-- One row: the type of tenant ids in what has been set up already; none before the first `init`.
select format_type(a.atttypid, null) as type
from pg_catalog.pg_attribute as a
where a.attrelid = to_regclass('pipeline.marks') and a.attname = 'tenant_id'
