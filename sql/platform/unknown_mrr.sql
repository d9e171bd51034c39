-- One row: one tenant with a subscription that counts on a day in [:first_day, :last_day] and whose amount or rate is
-- not known.
select distinct s.tenant_id
from mrr_spans as s
inner join lateral (
    select g::date as day
    from generate_series(
        greatest(s.day_from, cast(:first_day as date)),
        least(s.day_to - 1, cast(:last_day as date)),
        interval '1 day'
    ) as g
) as d on true
left join pipeline.mrr_rates as r on s.currency = r.currency and d.day = r.day
where s.monthly is null or (s.currency <> :currency and r.rate is null)
