-- One row: one reason why quotas are not shown, and which they are.
with judged as (
    -- One row: one quota as the SaaS states it.
    select
        q.tenant_id,
        concat_ws(
            ' ', coalesce(q.tenant_id::text, '(none)'), coalesce(left(q.quota_type, 80), '(none)'), 'a', q.period
        ) as quota,
        case
            when q.problem is not null then q.problem
            when not exists (select from pipeline.source_tenants as s where s.tenant_id = q.tenant_id)
                then 'tenant_unknown'
        end as problem
    from pipeline.judge_quotas() as q
)

select
    problem,
    count(*) as quotas,
    (array_agg(quota order by quota))[1:5] as examples
from judged
where problem is not null
group by problem
order by problem
