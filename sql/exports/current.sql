-- One row: one current file of the export in this store.
select
    path,
    table_name,
    month,
    part,
    digest,
    rows,
    bytes,
    inexact,
    data_through
from pipeline.exports
where superseded_at is null and place = :place
order by table_name, month, part
