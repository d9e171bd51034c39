-- The first book judges all days, whatever has been rolled up before it: there is nothing else that could.
insert into pipeline.books (seen_after, seen_at)
select
    case when exists (select from pipeline.books) then coalesce(p.data_through, '-infinity') else '-infinity' end,
    :through
from pipeline.progress as p
returning book
