insert into pipeline.books (seen_after, seen_at)
select
    coalesce(p.data_through, '-infinity'),
    :through
from pipeline.progress as p
returning book
