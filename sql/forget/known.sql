-- One row if the tenant was forgotten.
select
    f.digest,
    f.forgotten_at,
    f.finished_at,
    f.keys,
    f.receipt
from pipeline.progress as g
inner join pipeline.forgotten as f on f.digest = pipeline.digest_of(g.forget_salt, :id)
