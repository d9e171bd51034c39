-- One row: one folder under the keys of an earlier secret whose files are all due to go; its manifest goes first.
select split_part(path, '/', 3) as key
from pipeline.exports
group by split_part(path, '/', 3)
having
    bool_and(place <> all(cast(:places as text[])))
    and bool_and(coalesce(superseded_at < clock_timestamp() - cast(:kept as interval), false))
