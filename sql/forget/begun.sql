-- One row: whether there are exports, and whether anything was announced: only then there is something to publish anew.
select
    (select count(*) from pipeline.exports) > 0 as is_exported,
    published_through is not null as is_announced
from pipeline.progress
