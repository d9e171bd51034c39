insert into mrr_redo (tenant_id, day_from)
select
    t.tenant_id,
    '-infinity'
from (
    select s.tenant_id from mrr_spans as s
    union
    select m.tenant_id from rollup.mrr_movements as m
) as t
