-- Buckets of usage that are not what raw rows give.
with stored as (
    -- One row: one stored (tenant, hour, quota_type) of the hours, or buckets, that were recomputed.
    select h.*
    from rollup.usage_hourly as h
    where
        :by_scan
        and h.bucket_start >= :start
        and h.bucket_start < :end
        and h.bucket_start in (select r.bucket_start from redo as r)
    union all
    select h.*
    from redo as r
    inner join rollup.usage_hourly as h on r.tenant_id = h.tenant_id and r.bucket_start = h.bucket_start
    where not :by_scan
),

-- One row: one (tenant, hour, quota_type), stored, recomputed or both.
compared as (
    select
        coalesce(s.tenant_id, n.tenant_id) as tenant_id,
        coalesce(s.bucket_start, n.bucket_start) as bucket_start,
        coalesce(s.quota_type, n.quota_type) like 'ai\_tokens\_%' as is_tokens,
        coalesce(s.amount, 0) as stored,
        coalesce(n.amount, 0) as recomputed,
        (s.tenant_id is null) as not_stored,
        (n.tenant_id is null) as not_supported,
        (s.amount is distinct from n.amount) as amount,
        (s.records is distinct from n.records) as records
    from stored as s
    full join pg_temp.usage_hourly as n
        on s.tenant_id = n.tenant_id and s.bucket_start = n.bucket_start and s.quota_type = n.quota_type
),

-- One row: one bucket that differs, with the amounts of all its kinds.
buckets as (
    select
        tenant_id,
        bucket_start,
        count(*) filter (where amount or records) as names,
        array_remove(array[
            case when bool_or(not_stored) then 'not stored' end,
            case when bool_or(not_supported) then 'no raw rows' end,
            case when bool_or(amount) then 'amount' end,
            case when bool_or(records) then 'records' end
        ], null) as what,
        sum(stored) as stored,
        sum(recomputed) as recomputed,
        coalesce(sum(stored) filter (where is_tokens), 0) as tokens_stored,
        coalesce(sum(recomputed) filter (where is_tokens), 0) as tokens_recomputed
    from compared
    group by tenant_id, bucket_start
    -- Of the hours after data_through only what is stored is compared: it is what a tick that was killed has left.
    having bool_or(amount or records) and (bucket_start < :data_through or not bool_and(not_stored))
)

insert into differing (
    rollup, tenant_id, bucket_start, day, names, what, stored, recomputed, tokens_stored, tokens_recomputed, waiting
)
select
    'usage_hourly',
    b.tenant_id,
    b.bucket_start,
    (b.bucket_start at time zone case when k.tenant_id is null then :timezone else k.zone end)::date,
    b.names,
    b.what,
    b.stored,
    b.recomputed,
    b.tokens_stored,
    b.tokens_recomputed,
    (
        b.bucket_start in (select w.bucket_start from waiting as w where w.whole)
        or (b.tenant_id, b.bucket_start) in (
            select
                w.tenant_id,
                w.bucket_start
            from waiting as w
            where w.tenant_id is not null
        )
    ) as waiting
from buckets as b
left join pipeline.tenant_state as k on b.tenant_id = k.tenant_id
