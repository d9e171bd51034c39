-- What status.json says, as the database has it.
select
    published_through,
    seq,
    documents_version,
    status_hash,
    status_planned
from pipeline.progress
