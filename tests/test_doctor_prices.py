"""`doctor` on prices and rates: what says two things or nothing is named, with the row and the remedy."""

from __future__ import annotations

from datetime import timedelta

from pipeline.doctor.finding import Finding
from pipeline.installation import Installation
from pipeline.run import run
from tests.conftest import NOW, Sql
from tests.test_costs import price, rate
from tests.test_doctor import found


def of(installation: Installation, name: str) -> list[Finding]:
    return [finding for finding in found(installation) if finding.name == name]


def test_both_of_two_overlapping_prices_are_named(ready: Installation, sql: Sql) -> None:
    run(ready, NOW)
    price(sql, amount=30, start="2026-01-01T00:00Z", effective_to="2026-03-01T00:00Z")
    price(sql, amount=40, start="2026-02-01T00:00Z")
    price(sql, item="api_calls", amount=1, start="2026-01-01T00:00Z")
    price(sql, item="api_calls", amount=2, start="2026-02-01T00:00Z")
    (finding,) = of(ready, "overlapping_prices")
    assert finding.severity == "error"
    assert "ai_tokens_m-1 has two prices from 2026-02-01T00:00:00Z on" in finding.what
    assert "30 NGN for 1000 from 2026-01-01T00:00Z to 2026-03-01T00:00Z" in finding.what
    assert "40 NGN for 1000 from 2026-02-01T00:00Z on" in finding.what


def test_what_the_costs_do_not_call_an_overlap_is_none(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.usage("2026-03-08T12:00Z")
    price(sql, amount=30, currency="NGN", start="2026-01-01T00:00Z", effective_to="2026-12-01T00:00Z")
    price(sql, amount=30, currency=" ngn", start="2026-01-01T00:00Z", effective_to="2026-12-01T00:00Z")
    price(sql, amount=9, start="2026-02-01T00:00Z", effective_to="2026-01-15T00:00Z")
    run(ready, NOW)
    assert sql("select missing from rollup.cost_daily") == [(None,)]
    assert of(ready, "overlapping_prices") == []


def test_of_many_overlapping_prices_it_is_said_how_many_more_there_are(ready: Installation, sql: Sql) -> None:
    run(ready, NOW)
    for n in range(7):
        price(sql, amount=n, start="2026-01-01T00:00Z")
    named = of(ready, "overlapping_prices")
    assert len(named) == 21
    assert "1 more pair of prices that are in force at once" in named[-1].what


def test_prices_that_cannot_be_used_are_named_with_what_is_wrong(ready: Installation, sql: Sql) -> None:
    run(ready, NOW)
    price(sql, item="a", start="2026-01-01T00:30Z")
    price(sql, item="b", amount=-1)
    price(sql, item="c", unit_size=0, currency="naira")
    price(sql, item="d", effective_to="2024-01-01T00:00Z")
    (finding,) = of(ready, "unusable_prices")
    assert "4 prices cannot be used" in finding.what
    for told in (
        "effective_from is not on the hour",
        "amount is not from 0 to 1e30",
        "unit_size is not from 1e-30 to 1e30",
    ):
        assert told in finding.what
    assert "currency is no ISO 4217 code" in finding.what
    assert "effective_to is not after effective_from" in finding.what


def test_rates_that_contradict_or_end_are_named(ready: Installation, sql: Sql) -> None:
    price(sql, currency="USD")
    price(sql, item="b", currency="EUR")
    rate(sql, "2026-02-01", 1500)
    rate(sql, "2026-02-01", 1510, source="oxr")
    rate(sql, "2026-02-02", -1)
    run(ready, NOW)
    assert "USD on 2026-02-01: 1500 (cbn), 1510 (oxr)" in of(ready, "ambiguous_rates")[0].what
    assert "USD on 2026-02-02: -1" in of(ready, "unusable_rates")[0].what
    assert [finding.what.split("; ")[1] for finding in of(ready, "old_rates")] == [
        "there is none",
        "the last one is of 2026-02-01",
    ]


def test_what_has_no_cost_is_listed_with_the_command_that_mends_it(ready: Installation, sql: Sql) -> None:
    """Trap 11."""
    sql.tenant()
    sql.usage("2026-03-08T12:00Z")
    run(ready, NOW)
    assert of(ready, "unknown_costs") == []  # nobody keeps prices here
    price(sql, item="api_calls")
    run(ready, NOW)
    (finding,) = of(ready, "unknown_costs")
    assert "cost_daily 2026-03-08 to 2026-03-08: 1 line of ai_tokens_m-1" in finding.what
    assert finding.paste.startswith("python -m pipeline reprice --from 2026-03-08 --to 2026-03-09")
    price(sql, start="2026-03-08T13:00Z", effective_to="2026-03-08T15:00Z")
    price(sql, amount=31, start="2026-03-08T13:00Z", effective_to="2026-03-08T15:00Z")
    sql.usage("2026-03-08T13:00Z")
    run(ready, NOW)
    (finding,) = of(ready, "unknown_costs")
    assert finding.what.endswith("have no amount: no_price, overlapping_prices")
    assert "Add a price of it that is in force then. End one of the prices" in finding.fix
    later = [each for each in found(ready, NOW + timedelta(days=90)) if each.name == "unknown_costs"]
    assert later == [finding]  # a database that shows the past
