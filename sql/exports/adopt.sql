-- A file is up, and the one that holds its part of its month.
update pipeline.exports
set
    place = :place,
    digest = :digest,
    inexact = :inexact,
    data_through = :data_through,
    superseded_at = null
where path = :path
