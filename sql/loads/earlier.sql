-- The last load of this content into this table.
select
    file_name,
    rows,
    loaded_at
from pipeline.loads
where sha256 = :sha256 and target_table = :target_table
order by loaded_at desc
limit 1
