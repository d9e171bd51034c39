-- One row: one period of the platform, [starts_at, ends_at), and the one before it. 24h ends with the last complete
-- hour, the others with the platform's last whole day. MRR is known by the day: a period opens with that of the last
-- day that had ended when it began, and closes with that of its last day.
select
    p.period,
    p.days,
    w.starts_at,
    w.ends_at,
    case
        when p.days = 1 then :through - interval '48 hours'
        else pipeline.day_start(t.today - 2 * p.days, :timezone)
    end as before_at,
    t.today - 2 * p.days as before_day,
    case when p.days = 1 then c.closing_day else t.today - p.days end as first_day,
    (w.starts_at at time zone :timezone)::date - 1 as opening_day,
    c.closing_day
from (select (cast(:through as timestamptz) at time zone :timezone)::date as today) as t
cross join (values ('24h', 1), ('7d', 7), ('30d', 30), ('90d', 90)) as p (period, days)
inner join lateral (
    select
        case
            when p.days = 1 then :through - interval '24 hours' else pipeline.day_start(t.today - p.days, :timezone)
        end as starts_at,
        case when p.days = 1 then :through else pipeline.day_start(t.today, :timezone) end as ends_at
) as w on true
inner join lateral (
    select ((w.ends_at - interval '1 microsecond') at time zone :timezone)::date as closing_day
) as c on true
order by p.days
