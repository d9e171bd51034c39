"""What must hold of MRR whatever has happened: it adds up, and of today it is what the subscriptions say."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from tests.conftest import Sql

# By the definition `default`, of rows that have a start, by the newest rate of each currency.
WORTH = """
select coalesce(sum(s.monthly_amount * case when s.currency = 'NGN' then 1 else r.rate end), 0)
from subscriptions as s
cross join pipeline.progress as p
left join lateral (
    select f.rate from fx_rates as f
    where f.base = s.currency
        and f.rate_date <= ((p.data_through - interval '1 microsecond') at time zone 'Africa/Lagos')::date
    order by f.rate_date desc limit 1
) as r on true
where s.started_at < p.data_through
    and (s.ended_at >= p.data_through or (s.ended_at is null and s.status = 'active'))
"""


def assert_mrr_adds_up(sql: Sql) -> None:
    """Every day, opening and movements are closing, of the platform and of each tenant, and movements are what they say."""
    closing: dict[object, object] = dict(sql("select day, coalesce(sum(mrr), 0) from rollup.mrr_daily group by day"))
    moved: dict[object, dict[str, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for day, tenant, movement, amount in sql("select day, tenant_id, movement, amount from rollup.mrr_movements"):
        moved[day][str(tenant)][str(movement)] = amount
    assert set(moved) <= set(closing)
    held, paid = defaultdict[str, Decimal](Decimal), set[str]()
    for day in sorted(closing):  # type: ignore[type-var]
        for tenant, amounts in moved[day].items():
            before = held[tenant]
            held[tenant] += sum(amounts.values())
            assert_named(amounts, before, held[tenant], paid=tenant in paid)
        paid |= {tenant for tenant, mrr in held.items() if mrr > 0}
        assert sum(held.values()) == closing[day], day


def assert_named(amounts: dict[str, Decimal], before: Decimal, after: Decimal, *, paid: bool) -> None:
    """One movement at most beside that of the rate, with the name that opening and closing give it."""
    assert after >= 0
    assert all(amounts.values())
    ((name, amount),) = [each for each in amounts.items() if each[0] != "fx_impact"] or [("", Decimal(0))]
    assert {
        "": True,
        "new": not before and after > 0 and not paid,
        "reactivation": not before and after > 0 and paid,
        "expansion": before > 0 and amount > 0 and after > 0,
        "contraction": amount < 0 and after > 0,
        "churn": after == 0,
    }[name], (amounts, before, after, paid)


def assert_mrr_is_that_of_now(sql: Sql) -> None:
    """The newest day has what the subscriptions are worth as they are now."""
    assert sql.one("select sum(mrr) from rollup.mrr_daily where day = (select max(day) from rollup.mrr_daily)") in {
        None,
        sql.one(WORTH),
    }
