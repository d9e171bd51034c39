create table if not exists pipeline.marked_costs (
    tenant_id @tenant_id_type not null,
    day date not null
);
comment on table pipeline.marked_costs is
'Days whose costs are to be worked out anew. Appended only; deleted by the tick that does it.';
comment on column pipeline.marked_costs.tenant_id is 'Tenant.';
comment on column pipeline.marked_costs.day is 'Calendar day of its costs.';

create table if not exists pipeline.cost_zones (
    tenant_id @tenant_id_type not null,
    first_day date not null,
    zone text not null,
    primary key (tenant_id, first_day)
);
comment on table pipeline.cost_zones is
'The zone that a tenant''s cost days are in, from a day on. A tenant that changes its zone keeps its closed days.';
comment on column pipeline.cost_zones.tenant_id is 'Tenant.';
comment on column pipeline.cost_zones.first_day is 'First day in it; -infinity: always.';
comment on column pipeline.cost_zones.zone is 'Time zone.';

create or replace function pipeline.cost_zone(tenant_id @tenant_id_type, day date) returns text
language sql stable parallel safe
as $$
select z.zone
from pipeline.cost_zones as z
where z.tenant_id = cost_zone.tenant_id and z.first_day <= cost_zone.day
order by z.first_day desc
limit 1
$$;
comment on function pipeline.cost_zone is 'The zone that a day of a tenant''s costs is in.';

-- Every hour belongs to one cost day: where the zone changes, the first day in the new one begins where the last day in
-- the old one ends, longer or shorter than others, even empty.
create or replace function pipeline.cost_days(tenant_ids @tenant_id_type[], days date[])
returns table (
    tenant_id @tenant_id_type,
    day date,
    starts_at timestamptz,
    ends_at timestamptz,
    by_hours boolean
)
language sql stable parallel safe
as $$
select
    d.tenant_id,
    d.day,
    case
        when z.zone = b.zone and z.zone = c.zone then pipeline.day_start(d.day, z.zone)
        else greatest(pipeline.day_start(d.day, b.zone), pipeline.day_start(d.day - 1, c.zone))
    end,
    pipeline.day_start(d.day + 1, z.zone),
    -- The daily rollups are of the days of today's zone; of a tenant whose zone cannot be used there are none.
    (k.tenant_id is not null and k.zone is distinct from z.zone) or z.zone <> b.zone or z.zone <> c.zone
from unnest(tenant_ids, days) as d (tenant_id, day)
-- `offset 0`: each zone is looked up once, not wherever it is used.
cross join lateral (select pipeline.cost_zone(d.tenant_id, d.day) as zone offset 0) as z
cross join lateral (select pipeline.cost_zone(d.tenant_id, d.day - 1) as zone offset 0) as b
cross join lateral (select pipeline.cost_zone(d.tenant_id, d.day - 2) as zone offset 0) as c
left join pipeline.tenant_state as k on d.tenant_id = k.tenant_id
where z.zone is not null
$$;
comment on function pipeline.cost_days is
'Days of tenants'' costs, pairwise: [starts_at, ends_at), and whether only hours can say what was used in them.';

-- A day whose price changes within it is worked out from hours as well.
create or replace function pipeline.judged_cost_days(
    tenant_ids @tenant_id_type[],
    days date[],
    open_time interval
)
returns table (
    tenant_id @tenant_id_type,
    day date,
    starts_at timestamptz,
    ends_at timestamptz,
    book bigint,
    by_hours boolean
)
language sql stable parallel safe
as $$
-- One row: one day and its book, looked up once, not for each price that it is compared with.
with judged as materialized (
    select
        d.tenant_id,
        d.day,
        d.starts_at,
        d.ends_at,
        pipeline.book_of(d.day, d.ends_at + open_time) as book,
        d.by_hours
    from pipeline.cost_days(tenant_ids, days) as d
    cross join pipeline.progress as g
    where d.day >= coalesce(g.days_from, '-infinity')
)

select
    j.tenant_id,
    j.day,
    j.starts_at,
    j.ends_at,
    j.book,
    j.by_hours
    or exists (
        select from pipeline.book_prices as p
        where
            p.piece_from > j.starts_at
            and p.piece_from < j.ends_at
            and p.book_from <= j.book
            and (p.book_to is null or p.book_to > j.book)
    )
    or exists (
        select from pipeline.book_prices as p
        where
            p.piece_to > j.starts_at
            and p.piece_to < j.ends_at
            and p.book_from <= j.book
            and (p.book_to is null or p.book_to > j.book)
    )
from judged as j
$$;
comment on function pipeline.judged_cost_days is
'Days of tenants'' costs that are kept, pairwise, each with the book that judges it.';

create or replace function pipeline.cost_spans(
    tenant_ids @tenant_id_type[],
    from_time timestamptz,
    to_time timestamptz,
    open_time interval
)
returns table (
    tenant_id @tenant_id_type,
    day date,
    starts_at timestamptz,
    ends_at timestamptz,
    book bigint
)
language sql stable parallel safe
as $$
select
    d.tenant_id,
    d.day,
    greatest(d.starts_at, from_time),
    least(d.ends_at, to_time),
    pipeline.book_of(d.day, d.ends_at + open_time)
from (
    select
        array_agg(t.tenant_id) as tenants,
        array_agg(n.day::date) as days
    from unnest(tenant_ids) as t (tenant_id)
    cross join generate_series(
        (from_time at time zone 'UTC')::date - 1, (to_time at time zone 'UTC')::date + 1, interval '1 day'
    ) as n (day)
) as a
cross join lateral pipeline.cost_days(a.tenants, a.days) as d
where d.starts_at < to_time and d.ends_at > from_time and d.starts_at < d.ends_at
$$;
comment on function pipeline.cost_spans is 'The pieces of tenants'' cost days in [from_time, to_time).';
