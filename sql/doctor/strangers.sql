-- One row: the tenants that rollups hold days of and that no tick has seen in the tenants table, and their share of
-- the requests since :week.
with recursive ids as (
    -- One row: one tenant with requests; each is looked up after the one before, which reads little of a big table.
    (select d.tenant_id from rollup.api_daily as d order by d.tenant_id limit 1)
    union all
    select (
        select d.tenant_id from rollup.api_daily as d
        where d.tenant_id > i.tenant_id
        order by d.tenant_id
        limit 1
    )
    from ids as i
    where i.tenant_id is not null
),

strangers as (
    -- One row: one of them that nobody knows.
    select
        i.tenant_id,
        (select min(d.day) from rollup.api_daily as d where d.tenant_id = i.tenant_id) as first_day,
        (
            select coalesce(sum(d.requests), 0) from rollup.api_daily as d
            where d.tenant_id = i.tenant_id and d.day >= :week
        ) as requests
    from ids as i
    where
        i.tenant_id is not null
        and not exists (select from pipeline.tenant_state as k where k.tenant_id = i.tenant_id)
)

select
    count(*) as tenants,
    (array_agg(s.tenant_id::text order by s.requests desc, s.tenant_id asc))[1:5] as examples,
    min(s.first_day) as since,
    coalesce(sum(s.requests), 0)::bigint as requests,
    (select coalesce(sum(d.requests), 0) from rollup.api_daily as d where d.day >= :week)::bigint as all_requests
from strangers as s
