select keys
from pipeline.forgotten
where digest = :digest
