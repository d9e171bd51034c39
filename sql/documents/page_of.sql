-- The page that a day of a kind of page belongs to: [first_day, end_day). A page of days is a month, one of months a
-- year, one of weeks an ISO year, which begins on the Monday of the week that holds the 4th of January.
create or replace function pipeline.page_of(kind text, day date)
returns table (page text, first_day date, end_day date)
language sql immutable parallel safe
as $$
select
    p.page,
    p.first_day,
    p.end_day
from (
    values
    (
        'daily',
        to_char(day, 'YYYY-MM'),
        date_trunc('month', day)::date,
        (date_trunc('month', day) + interval '1 month')::date
    ),
    (
        'weekly',
        to_char(day, 'IYYY'),
        date_trunc('week', make_date(extract(isoyear from day)::int, 1, 4))::date,
        date_trunc('week', make_date(extract(isoyear from day)::int + 1, 1, 4))::date
    ),
    (
        'monthly',
        to_char(day, 'YYYY'),
        date_trunc('year', day)::date,
        (date_trunc('year', day) + interval '1 year')::date
    )
) as p (kind, page, first_day, end_day)
where p.kind = page_of.kind
$$;
comment on function pipeline.page_of is 'The page of a kind (daily, weekly, monthly) that a day belongs to.';
