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
)

select
    (select tenant_id from stand_in) as stand_in,
    (select count(*) from activity) as activity,
    (select count(*) from costs) as costs,
    (select count(*) from movements) as movements,
    (select count(*) from versions) as versions
