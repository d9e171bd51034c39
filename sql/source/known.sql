-- What `init` was last told to read, a row a table of the contract.
select
    source,
    relation,
    columns
from pipeline.sources
