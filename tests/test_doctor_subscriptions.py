"""`doctor` on subscriptions: what is in no MRR, or in it without an amount, is named, with the reason and the remedy."""

from __future__ import annotations

from datetime import timedelta

from pipeline.costs.reprice import Repricing, reprice
from pipeline.doctor.finding import Finding
from pipeline.doctor.subscriptions import TOLD
from pipeline.installation import Installation
from pipeline.run import run
from tests.conftest import NOW, Sql
from tests.test_costs import rate
from tests.test_doctor import found
from tests.test_mrr import subscription


def of(installation: Installation, name: str) -> list[Finding]:
    return [finding for finding in found(installation) if finding.name == name]


def test_every_reason_is_named_with_its_rows(ready: Installation, sql: Sql) -> None:
    sql("alter table subscriptions drop constraint subscriptions_pkey, alter id drop identity")
    sql("alter table subscriptions alter id drop not null, alter id type text")
    sql.tenant()
    by_interval = {"monthly_amount": None, "amount": 10}
    broken: dict[str, dict[str, object]] = {
        "id_missing": {"id": None},
        "id_too_long": {"id": "x" * 1001},
        "id_doubled": {"id": "fine", "started_at": "2026-02-01T00:00Z"},
        "tenant_missing": {"tenant_id": None},
        "tenant_too_long": {"tenant_id": "x" * 2001},
        "no_amount": {"monthly_amount": None},
        "unusable_amount": {"monthly_amount": "NaN"},
        "no_interval": by_interval,
        "unknown_interval": {**by_interval, "billing_interval": "fortnight"},
        "currency_unusable": {"currency": "naira"},
        "ends_before_it_starts": {"ended_at": "2026-02-01T00:00Z"},
        "tenant_unknown": {"tenant_id": "nobody"},
    }
    subscription(sql, id="fine", currency=" ngn ")
    for reason, given in broken.items():
        subscription(sql, **{"id": reason, **given})
    subscription(sql, id="below", monthly_amount=-1)
    run(ready, NOW)
    findings = {each.what.split(", ")[1].split(":")[0]: each for each in of(ready, "subscriptions")}
    assert list(findings) == [*sorted(set(broken) - {"tenant_unknown"}), "tenant_unknown"]
    assert set(findings) == set(TOLD)
    assert findings["unusable_amount"].what.endswith("2 rows (below of t1, unusable_amount of t1)")
    assert findings["unknown_interval"].what == (
        '"public"."subscriptions", unknown_interval: 1 row (unknown_interval of t1)'
    )
    assert findings["id_missing"].what.endswith("1 row ((none) of t1)")
    assert findings["id_doubled"].what.endswith("1 row (fine of t1)")
    assert findings["tenant_unknown"].severity == "note"
    assert all(each.why and each.fix for each in findings.values())
    assert sql.one("select subscriptions from rollup.mrr_daily where day = '2026-03-10'") == 8  # the unpriced ones, too


def test_nothing_is_found_where_all_can_be_used(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    subscription(sql)
    subscription(sql, monthly_amount=10, currency="usd")
    subscription(sql, monthly_amount=0, currency="EUR")  # nothing to convert
    subscription(sql, monthly_amount=10, currency="GBP", started_at="2026-01-01T00:00Z", ended_at="2026-01-05T00:00Z")
    subscription(sql, monthly_amount=10, currency="GBP", status="canceled")
    rate(sql, "2026-02-01", 1400)
    rate(sql, "2026-03-09", 1500)
    run(ready, NOW)
    assert [each for each in found(ready) if "subscription" in each.name] == []


def test_currencies_without_a_rate_are_named_with_the_command_that_mends_them(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    subscription(sql, monthly_amount=10, currency="USD")
    subscription(sql, monthly_amount=10, currency="EUR", started_at="2026-01-02T00:00Z", ended_at="2026-03-07T09:00Z")
    subscription(sql, monthly_amount=10, currency="GHS")
    rate(sql, "2026-03-04", 1500)
    rate(sql, "2026-02-01", 100, base="GHS")
    run(ready, NOW)
    euro, cedi, dollar = of(ready, "subscription_rates")
    assert euro.what == "1 subscription in EUR: there is no rate from EUR to NGN on 2026-02-08 to 2026-03-07"
    assert cedi.what == (
        "1 subscription in GHS: no rate from GHS to NGN in the last 7 days; the last one is of 2026-02-01"
    )
    assert dollar.what == "1 subscription in USD: there is no rate from USD to NGN on 2026-03-01 to 2026-03-03"
    assert dollar.paste == (
        'python -m pipeline reprice --from 2026-03-01 --to 2026-03-04 --reason "rates of USD came late"'
    )
    assert [row[1] for row in sql("select day::text, unpriced from rollup.mrr_daily where day = '2026-03-03'")] == [2]


def test_a_rate_that_came_late_is_taken_by_a_reprice(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    subscription(sql, monthly_amount=10, currency="USD")
    run(ready, NOW)
    rate(sql, "2026-02-27", 1500)
    run(ready, NOW + timedelta(hours=1))
    (finding,) = of(ready, "subscription_rates")
    first, last = NOW.date().replace(day=1), NOW.date().replace(day=8)
    assert f"--from {first} --to {last}" in finding.paste
    reprice(ready, Repricing(first, last, "rates of USD came late"))
    assert [each.what.split("; ")[1] for each in of(ready, "subscription_rates")] == ["the last one is of 2026-02-27"]
    assert sql.one("select min(mrr) from rollup.mrr_daily") == 15000
