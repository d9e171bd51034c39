-- One row: one reason why subscriptions do not count, or count without an amount, and which they are.
with judged as (
    -- One row: one subscription with the first thing that is wrong with it.
    select
        concat_ws(
            ' ', coalesce(left(j.subscription_id, 80), '(none)'), 'of', coalesce(left(j.tenant_id::text, 80), '(none)')
        ) as subscription,
        case
            when j.unfollowed is not null then j.unfollowed
            when j.problem is not null then j.problem
            when j.currency !~ '^[A-Z]{3}$' then 'currency_unusable'
            when j.ended_at < j.started_at then 'ends_before_it_starts'
            when not exists (select from pipeline.source_tenants as s where s.tenant_id = j.tenant_id)
                then 'tenant_unknown'
        end as problem
    from pipeline.judge_subscriptions() as j
)

select
    problem,
    count(*) as subscriptions,
    (array_agg(subscription order by subscription collate "C"))[1:5] as examples
from judged
where problem is not null
group by problem
order by problem
