-- What the platform's past is made of stays, under a random id that says nothing. One row: the id, and how many rows
-- stay.
with stand_in as materialized (
    insert into pipeline.stand_ins (tenant_id)
    select pipeline.new_stand_in()
    where
        exists (select from pipeline.activity_daily as a where a.tenant_id = :tenant)
        or exists (select from rollup.cost_daily as c where c.tenant_id = :tenant)
        or exists (select from rollup.mrr_movements as m where m.tenant_id = :tenant)
        or exists (select from pipeline.subscription_versions as v where v.tenant_id = :tenant)
    returning tenant_id
),

subscriptions as materialized (
    -- One row: one subscription and its new name.
    select
        s.subscription_id,
        'forgotten-' || gen_random_uuid() as stand_in
    from (
        select distinct v.subscription_id
        from pipeline.subscription_versions as v
        where v.tenant_id = :tenant
    ) as s
),

-- One row: one day on which a subscription went from this tenant to another, or came from one. What was before ends
-- there under its own name, now that the two are two subscriptions.
moves as materialized (
    select
        v.*,
        v.tenant_id = :tenant as went
    from (
        select
            v.*,
            lead(v.tenant_id) over w as next_tenant_id,
            lead(v.day_from) over w as next_day_from
        from pipeline.subscription_versions as v
        inner join subscriptions as n on v.subscription_id = n.subscription_id
        window w as (partition by v.subscription_id order by v.day_from)
    ) as v
    where (v.tenant_id = :tenant) <> (v.next_tenant_id = :tenant)
),

activity as (
    update pipeline.activity_daily as a
    set tenant_id = s.tenant_id
    from stand_in as s
    where a.tenant_id = :tenant
    returning 1
),

costs as (
    update rollup.cost_daily as c
    set tenant_id = s.tenant_id
    from stand_in as s
    where c.tenant_id = :tenant
    returning 1
),

movements as (
    update rollup.mrr_movements as m
    set tenant_id = s.tenant_id
    from stand_in as s
    where m.tenant_id = :tenant
    returning 1
),

versions as (
    update pipeline.subscription_versions as v
    set tenant_id = s.tenant_id, subscription_id = n.stand_in
    from stand_in as s
    cross join subscriptions as n
    where v.tenant_id = :tenant and v.subscription_id = n.subscription_id
    returning 1
),

ends as (
    insert into pipeline.subscription_versions (
        subscription_id,
        day_from,
        tenant_id,
        plan,
        status,
        monthly,
        problem,
        currency,
        started_at,
        ended_at,
        trial_ends_at,
        gone,
        seen_on
    )
    select
        case when m.went then n.stand_in else m.subscription_id end,
        m.next_day_from,
        case when m.went then s.tenant_id else m.tenant_id end,
        m.plan,
        m.status,
        m.monthly,
        m.problem,
        m.currency,
        m.started_at,
        m.ended_at,
        m.trial_ends_at,
        true,
        m.seen_on
    from moves as m
    inner join subscriptions as n on m.subscription_id = n.subscription_id
    cross join stand_in as s
    where (select count(*) from versions) > 0  -- their places are free only after that
    returning 1
)

select
    (select tenant_id from stand_in) as stand_in,
    (select count(*) from activity) as activity,
    (select count(*) from costs) as costs,
    (select count(*) from movements) as movements,
    (select count(*) from versions) as versions
