-- Movements of the days of the scope. What a tenant has, at the rate of the day before and at that of the day, makes
-- fx_impact; the rest is one movement, named for what the tenant had before and has now.
with reach as (
    -- One row: one tenant and the first of its days that is redone.
    select
        s.tenant_id,
        least(min(r.day_from), cast(:day_from as date)) as day_from
    from (select distinct k.tenant_id from mrr_spans as k) as s
    left join mrr_redo as r on s.tenant_id = r.tenant_id
    group by s.tenant_id
),

points as (
    -- One row: one day on which a tenant's MRR may move.
    select
        s.tenant_id,
        d.day
    from mrr_spans as s
    inner join reach as g on s.tenant_id = g.tenant_id
    inner join lateral (
        values
        (s.day_from),
        (s.day_to)
    ) as d (day) on g.day_from <= d.day and d.day <= :today
    union
    select
        s.tenant_id,
        r.day
    from mrr_spans as s
    inner join reach as g on s.tenant_id = g.tenant_id
    inner join pipeline.mrr_rates as r
        on
            s.currency = r.currency
            and s.day_from < r.day
            and s.day_to >= r.day
            and g.day_from <= r.day
    inner join pipeline.mrr_rates as b
        on r.currency = b.currency and r.day - 1 = b.day and r.rate is distinct from b.rate
    where s.currency <> :currency and s.monthly <> 0 and r.day <= :today
),

held as (
    -- One row: what a tenant had in one currency the day before, and has on the day, in that currency.
    select
        p.tenant_id,
        p.day,
        s.currency,
        coalesce(sum(s.monthly) filter (where s.day_from < p.day), 0) as before,
        coalesce(sum(s.monthly) filter (where s.day_from <= p.day and s.day_to > p.day), 0) as now
    from points as p
    inner join mrr_spans as s on p.tenant_id = s.tenant_id and p.day >= s.day_from and p.day <= s.day_to
    where s.monthly is not null
    group by p.tenant_id, p.day, s.currency
),

rated as (
    -- One row: the same with both rates; what has none is worth nothing that is known.
    select
        h.tenant_id,
        h.day,
        h.before,
        h.now,
        case when h.currency = :currency then 1 else coalesce(b.rate, 0) end as rate_before,
        case when h.currency = :currency then 1 else coalesce(r.rate, 0) end as rate_now
    from held as h
    left join pipeline.mrr_rates as b on h.currency = b.currency and h.day - 1 = b.day and h.currency <> :currency
    left join pipeline.mrr_rates as r on h.currency = r.currency and h.day = r.day and h.currency <> :currency
),

moved as (
    -- One row: one tenant on one day.
    select
        r.tenant_id,
        r.day,
        sum(r.before * r.rate_before) as opening,
        sum(r.now * r.rate_now) as closing,
        sum(r.before * (r.rate_now - r.rate_before)) as fx_impact,
        sum((r.now - r.before) * r.rate_now) as rest
    from rated as r
    group by r.tenant_id, r.day
),

paying as (
    -- One row: one tenant that gained something and the first day on which it had MRR.
    select
        s.tenant_id,
        min(
            case
                when s.currency = :currency then s.day_from
                else (
                    select min(r.day) from pipeline.mrr_rates as r
                    where r.currency = s.currency and r.day >= s.day_from and r.day < s.day_to and r.rate > 0
                )
            end
        ) as since
    from mrr_spans as s
    where s.monthly > 0 and s.tenant_id in (select m.tenant_id from moved as m where m.opening = 0 and m.rest > 0)
    group by s.tenant_id
)

insert into right_mrr_movements (day, tenant_id, movement, amount)
select
    m.day,
    m.tenant_id,
    case
        when m.closing = 0 then 'churn'
        when m.opening > 0 and m.rest > 0 then 'expansion'
        when m.rest < 0 then 'contraction'
        when p.since < m.day then 'reactivation'
        else 'new'
    end,
    m.rest
from moved as m
left join paying as p on m.tenant_id = p.tenant_id
where m.rest <> 0
union all
select
    m.day,
    m.tenant_id,
    'fx_impact',
    m.fx_impact
from moved as m
where m.fx_impact <> 0
