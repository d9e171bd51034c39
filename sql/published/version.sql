-- What the files were made with, held until the end of the transaction: of several publishers one adopts another.
select documents_version
from pipeline.progress
for update
