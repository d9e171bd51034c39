-- One row: one tenant of the shard whose numbers can have changed since it was last published.
select k.tenant_id
from pipeline.tenant_state as k
where
    k.slot % :shards = :shard
    and (
        k.next_change_at <= :through
        or (k.published_through is null and not k.deleted)
        or exists (
            select from pipeline.queue as q
            where q.tenant_id = k.tenant_id and q.data_through <= :through
        )
    )
order by k.slot, k.tenant_id
