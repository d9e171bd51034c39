-- Notes a file that is about to be written, as not current yet; one that is already, stays as it is.
insert into pipeline.exports (
    path, place, table_name, month, part, digest, rows, bytes, inexact, data_through, written_at, superseded_at
)
values (
    :path, :place, :table_name, :month, :part, :digest, :rows, :bytes, :inexact, :data_through, clock_timestamp(),
    clock_timestamp()
)
on conflict (path) do nothing
