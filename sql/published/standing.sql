-- One row: one tenant that is not up to date: its last publish failed, or it waits for one.
select
    k.tenant_id,
    k.tenant_id::text as id,
    k.failure,
    coalesce(g.generation, 1) as generation
from pipeline.tenant_state as k
left join pipeline.tenant_keys as g on k.tenant_id = g.tenant_id
where
    k.failure is not null
    or k.next_change_at <= :through
    or (k.published_through is null and not k.deleted)
    or exists (select from pipeline.queue as q where q.tenant_id = k.tenant_id and q.data_through <= :through)
order by k.tenant_id
