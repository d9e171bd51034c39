create or replace function pipeline.anchored_day(month date, anchor_day int) returns date
language sql immutable parallel safe
as 'select least(month + anchor_day - 1, (month + interval ''1 month'')::date - 1)';
comment on function pipeline.anchored_day is
'The day of a month, given by its first, on which a period begins: its last one where it is shorter than the anchor.';

-- Months are told apart by their own anchored days, never counted on from one to the next: after 28 February an anchor
-- on the 31st is the 31st again.
create or replace function pipeline.quota_period(day date, period text, anchor_day int)
returns table (first_day date, next_day date)
language sql immutable parallel safe
as $$
select
    case
        when period = 'day' then day
        when m.here <= day then m.here
        else pipeline.anchored_day((m.month - interval '1 month')::date, anchor_day)
    end,
    case
        when period = 'day' then day + 1
        when m.here > day then m.here
        else pipeline.anchored_day((m.month + interval '1 month')::date, anchor_day)
    end
from (
    select
        c.month,
        pipeline.anchored_day(c.month, anchor_day) as here
    from (select date_trunc('month', day::timestamp)::date as month) as c
) as m
$$;
comment on function pipeline.quota_period is
'The period of a quota that a day belongs to: [first_day, next_day).';
