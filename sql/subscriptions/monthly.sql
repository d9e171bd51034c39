-- One expression, written once: what a subscription is worth a month, in its own currency. Eight more decimals than
-- the amount has keep the quotient of a very large amount exact to the four that stay.
create or replace function pipeline.monthly_of(monthly_amount numeric, amount numeric, billing_interval text)
returns table (
    monthly numeric,
    problem text
)
language sql immutable parallel safe
as $$
select
    case when j.problem is null then round(g.given * f.times * 1.00000000 / f.months, 4) end,
    j.problem
from (select coalesce(monthly_of.monthly_amount, monthly_of.amount) as given) as g
left join (
    values
    ('week', 52, 12),
    ('weekly', 52, 12),
    ('month', 1, 1),
    ('monthly', 1, 1),
    ('quarter', 1, 3),
    ('quarterly', 1, 3),
    ('half_year', 1, 6),
    ('half_yearly', 1, 6),
    ('year', 1, 12),
    ('yearly', 1, 12),
    ('annual', 1, 12),
    ('annually', 1, 12)
) as f (name, times, months)
    on f.name = case
        when monthly_of.monthly_amount is not null then 'month'
        else replace(lower(btrim(monthly_of.billing_interval)), '-', '_')
    end
inner join lateral (
    select
        case
            when g.given is null then 'no_amount'
            -- NaN is greater than all other numbers.
            when g.given not between 0 and 1e30 then 'unusable_amount'
            when f.name is null and nullif(btrim(monthly_of.billing_interval), '') is null then 'no_interval'
            when f.name is null then 'unknown_interval'
        end as problem
) as j on true
$$;
comment on function pipeline.monthly_of is
'Amount a month at 4 decimals: monthly_amount, or else amount by interval: week x 52/12, month, quarter / 3, '
'half_year / 6, year / 12. A problem says why there is none.';
