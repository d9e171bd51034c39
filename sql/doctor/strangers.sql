-- One row: the tenants that rollups hold days of and that no tick has seen in the tenants table, and their share of
-- the requests and of the usage records since :week.
with recursive callers as (
    -- One row: one tenant with requests; each is looked up after the one before, which reads little of a big table.
    (select d.tenant_id from rollup.api_daily as d order by d.tenant_id limit 1)
    union all
    select (
        select d.tenant_id from rollup.api_daily as d
        where d.tenant_id > i.tenant_id
        order by d.tenant_id
        limit 1
    )
    from callers as i
    where i.tenant_id is not null
),

users as (
    -- One row: one tenant with usage, in the same way.
    (select d.tenant_id from rollup.usage_daily as d order by d.tenant_id limit 1)
    union all
    select (
        select d.tenant_id from rollup.usage_daily as d
        where d.tenant_id > i.tenant_id
        order by d.tenant_id
        limit 1
    )
    from users as i
    where i.tenant_id is not null
),

unknown as (
    -- One row: one of them that nobody knows.
    select i.tenant_id from (
        select c.tenant_id from callers as c
        union
        select u.tenant_id from users as u
    ) as i
    where
        i.tenant_id is not null
        and not exists (select from pipeline.tenant_state as k where k.tenant_id = i.tenant_id)
),

strangers as (
    -- One row: the same, with what came of it.
    select
        i.tenant_id,
        least(
            (select min(d.day) from rollup.api_daily as d where d.tenant_id = i.tenant_id),
            (select min(d.day) from rollup.usage_daily as d where d.tenant_id = i.tenant_id)
        ) as first_day,
        (
            select coalesce(sum(d.requests), 0) from rollup.api_daily as d
            where d.tenant_id = i.tenant_id and d.day >= :week
        ) as requests,
        (
            select coalesce(sum(d.records), 0) from rollup.usage_daily as d
            where d.tenant_id = i.tenant_id and d.day >= :week
        ) as records
    from unknown as i
)

select
    count(*) as tenants,
    (array_agg(s.tenant_id::text order by s.requests desc, s.records desc, s.tenant_id asc))[1:5] as examples,
    min(s.first_day) as since,
    coalesce(sum(s.requests), 0)::bigint as requests,
    coalesce(sum(s.records), 0)::bigint as records,
    (select coalesce(sum(d.requests), 0) from rollup.api_daily as d where d.day >= :week)::bigint as all_requests,
    (select coalesce(sum(d.records), 0) from rollup.usage_daily as d where d.day >= :week)::bigint as all_records
from strangers as s
