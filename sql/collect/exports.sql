-- One row: one Parquet file that no manifest has listed for longer than :kept, the oldest first.
select
    path,
    superseded_at = '-infinity' as is_closed
from pipeline.exports
where superseded_at < clock_timestamp() - cast(:kept as interval)
order by superseded_at
limit :most
