create or replace function pipeline.read_quotas()
returns table (
    tenant_id @tenant_id_type,
    quota_type text,
    limit_amount numeric,
    period text,
    anchor_day numeric
)
language sql stable
as $tenantcast$
select
    @tenant_id::@tenant_id_type,
    @quota_type::text,
    @limit_amount::numeric,
    @period::text,
    @anchor_day::numeric
from @quotas
$tenantcast$;
comment on function pipeline.read_quotas is 'The one reading of the quotas of the SaaS.';

-- What cannot be used is named, never guessed: a quota that two rows state has neither limit.
create or replace function pipeline.judge_quotas()
returns table (
    tenant_id @tenant_id_type,
    quota_type text,
    period text,
    limit_amount numeric,
    anchor_day numeric,
    stated bigint,
    problem text
)
language sql stable
as $tenantcast$
select
    q.tenant_id,
    q.quota_type,
    q.period,
    min(q.limit_amount),
    min(q.anchor_day),
    count(*),
    case
        when q.tenant_id is null then 'tenant_missing'
        when q.quota_type is null then 'quota_type_missing'
        -- No usage record has such a name either.
        when length(q.quota_type) > pipeline.name_room(q.tenant_id) then 'quota_type_too_long'
        when q.period is null or q.period not in ('day', 'month') then 'period_unknown'
        when count(*) > 1 then 'stated_twice'
        when min(q.limit_amount) < 0 then 'limit_negative'
        -- NaN and infinity are above all other numbers.
        when min(q.limit_amount) > 1e30 then 'limit_too_large'
        when
            q.period = 'month'
            and (min(q.anchor_day) not between 1 and 31 or min(q.anchor_day) <> trunc(min(q.anchor_day)))
            then 'anchor_day_unusable'
    end
from (
    -- The table's own collation may take different names for one, or not go together with ours.
    select
        r.tenant_id,
        r.quota_type collate "C" as quota_type,
        r.period collate "C" as period,
        r.limit_amount,
        r.anchor_day
    from pipeline.read_quotas() as r
    where not exists (select from pipeline.forgotten) or pipeline.is_remembered(r.tenant_id::text)
) as q
group by q.tenant_id, q.quota_type, q.period
$tenantcast$;
comment on function pipeline.judge_quotas is
'The quotas of the SaaS, one row a tenant, kind of usage and period, and why one cannot be used.';
