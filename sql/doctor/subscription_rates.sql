-- One row: one currency of subscriptions whose MRR was not known on some of the last thirty days, for want of a rate,
-- or whose last rate is a week old.
with held as (
    -- One row: one currency in which something is to be paid, since when, and until when at the latest.
    select
        v.currency,
        min(coalesce(v.started_at, v.seen_on)) as starts_at,
        max(coalesce(v.ended_at, 'infinity')) as ends_at,
        count(distinct v.subscription_id) as subscriptions
    from pipeline.subscription_versions as v
    where
        v.currency <> :currency
        and v.currency ~ '^[A-Z]{3}$'
        and v.monthly > 0
        and not exists (
            select from pipeline.subscription_versions as n
            where n.subscription_id = v.subscription_id and n.day_from > v.day_from
        )
        and not v.gone
        and (v.status = any(cast(:statuses as text[])) or v.ended_at is not null)
        and coalesce(v.ended_at, 'infinity') >= cast(:week as date) - 23
    group by v.currency
),

unknown as (
    -- One row: one currency that had no rate on some of the last thirty days.
    select
        r.currency,
        min(r.day) as first_day,
        max(r.day) as last_day
    from held as h
    inner join pipeline.mrr_rates as r on h.currency = r.currency and h.starts_at < r.day + 1 and h.ends_at > r.day
    where r.rate is null and r.day >= cast(:week as date) - 23
    group by r.currency
)

select
    h.currency,
    h.subscriptions,
    u.first_day,
    u.last_day,
    k.rate_date
from held as h
left join unknown as u on h.currency = u.currency
left join lateral (
    select max(b.rate_date) as rate_date from pipeline.book_rates as b
    where b.base = h.currency and b.book_to is null
) as k on true
where u.currency is not null or (h.ends_at = 'infinity' and k.rate_date < cast(:week as date))
order by h.currency
limit 20
