-- Deletes the tenant's rows in every table of ours, or with :only_count counts them. One row: one table that held any.
select
    e.name,
    e.rows
from pipeline.erase(:tenant, :only_count) as e
