-- One row: one id that stands for a tenant that was forgotten.
select tenant_id
from pipeline.stand_ins
