-- Judges the zones that no tenant has named before, and again those that could not be used: the server's time zone data
-- may have been brought up to date. Offsets are looked at week by week from 2000 until two years ahead:
-- days are merged from hours, so a zone that is off the whole hour, now or in summer, cannot be served yet.
with named as (
    select distinct coalesce(t.timezone, :timezone) as timezone
    from pipeline.source_tenants as t
    where
        not exists (
            select
            from pipeline.zones as z
            where z.timezone = coalesce(t.timezone, :timezone) and z.problem is null
        )
)

insert into pipeline.zones (timezone, problem)
select
    n.timezone,
    case
        when not exists (select from pg_catalog.pg_timezone_names as k where k.name = n.timezone)
            then 'unknown time zone ' || n.timezone
        when
            exists (
                select
                from
                    generate_series(
                        timestamptz '2000-01-01+00',
                        cast(:through as timestamptz) + interval '2 years',
                        interval '7 days'
                    ) as w (at)
                where extract(epoch from (w.at at time zone n.timezone) - (w.at at time zone 'UTC'))::int % 3600 <> 0
            )
            then 'the offset of time zone ' || n.timezone || ' is not whole hours'
    end as problem
from named as n
on conflict (timezone) do update
    set problem = excluded.problem
    where zones.problem is distinct from excluded.problem
