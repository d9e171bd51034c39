-- One row where `init` has been here before.
select schema_version as version
from pipeline.progress
