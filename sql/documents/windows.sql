-- The periods of the dashboard, for some tenants: one row a tenant and period. Days are the tenant's own, whole.
create or replace function pipeline.windows(through timestamptz, tenant_ids @tenant_id_type[], periods text[])
returns table (
    tenant_id @tenant_id_type,
    period text,
    zone text,
    today date,
    days int,
    starts_at timestamptz,
    ends_at timestamptz
)
language sql stable
as $$
select
    k.tenant_id,
    p.period,
    k.zone,
    t.today,
    p.days,
    case
        when p.days = 1 then through - interval '24 hours'
        else pipeline.day_start(t.today - p.days, k.zone)
    end,
    case when p.days = 1 then through else pipeline.day_start(t.today, k.zone) end
from pipeline.tenant_state as k
cross join lateral (select (through at time zone k.zone)::date as today) as t
cross join (values ('24h', 1), ('7d', 7), ('30d', 30), ('90d', 90)) as p (period, days)
where k.tenant_id = any(tenant_ids) and k.zone is not null and p.period = any(periods)
$$;
comment on function pipeline.windows is
'Some of the periods 24h, 7d, 30d and 90d, of some tenants: [starts_at, ends_at).';

-- Pairs given as two lists; their types are told here, where the type of a tenant's id is known.
create or replace function pipeline.pairs(tenant_ids @tenant_id_type[], days date[])
returns table (tenant_id @tenant_id_type, day date)
language sql stable
as $$
select
    p.tenant_id,
    p.day
from unnest(tenant_ids, days) as p (tenant_id, day)
$$;
comment on function pipeline.pairs is 'Tenants and days, pairwise.';
