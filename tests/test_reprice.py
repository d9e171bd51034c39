"""`reprice`: closed days priced anew on purpose, the difference first, recorded."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipeline.cli import main
from pipeline.costs.reprice import Repricing, preview, reprice
from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.verbs.reprice import describe
from tests.conftest import NOW, Sql, environment_of
from tests.test_costs import MODEL, lines, price, rate


@pytest.fixture
def closed(ready: Installation, sql: Sql) -> Installation:
    """Two tenants with usage on three closed days, at 30 NGN a thousand."""
    sql.tenant()
    sql.tenant("t2")
    price(sql)
    for day in (1, 2, 3):
        sql.usage(f"2026-03-0{day}T12:00Z")
        sql.usage(f"2026-03-0{day}T12:00Z", tenant="t2", amount=2000)
    roll(ready, NOW)
    return ready


def asked() -> Repricing:
    return Repricing(first_day=date(2026, 3, 2), end_day=date(2026, 3, 4), reason="the contract of March")


def test_a_back_dated_price_changes_nothing_until_it_is_asked_for(closed: Installation, sql: Sql) -> None:
    """Trap 10."""
    before = lines(sql, "tenant_id, day::text, amount")
    price(sql, amount=40, start="2026-03-02T23:00Z")
    assert roll(closed, NOW).cost_days_changed == 0
    shown = preview(closed, asked())
    assert lines(sql, "tenant_id, day::text, amount") == before
    assert sql("select * from pipeline.repricings") == []
    assert [(each.tenant_id, each.item, each.change) for each in shown.differences] == [
        ("t2", MODEL, 20),
        ("t1", MODEL, 10),
    ]
    done = reprice(closed, asked())
    assert done.differences == shown.differences
    assert done.change == 30
    assert lines(sql, "tenant_id, day::text, amount") == [
        ("t1", "2026-03-01", 30),
        ("t1", "2026-03-02", 30),
        ("t1", "2026-03-03", 40),
        ("t2", "2026-03-01", 60),
        ("t2", "2026-03-02", 60),
        ("t2", "2026-03-03", 80),
    ]
    assert sql("select first_day::text, last_day::text, reason from pipeline.repricings") == [
        ("2026-03-02", "2026-03-03", "the contract of March")
    ]
    assert sql.one("select reason from pipeline.runs where verb = 'reprice'") == "the contract of March"


def test_what_was_repriced_stays_so_when_usage_comes_late(closed: Installation, sql: Sql) -> None:
    sql("update prices set amount = 40")
    reprice(closed, asked())
    sql("update prices set amount = 50")
    roll(closed, NOW)
    sql.usage("2026-03-02T12:00Z")
    sql.usage("2026-03-01T12:00Z")
    roll(closed, NOW)
    assert lines(sql, "amount")[:3] == [(60,), (80,), (40,)]


def test_a_missing_rate_is_filled_in(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    price(sql, currency="USD")
    sql.usage("2026-03-02T12:00Z")
    roll(ready, NOW)
    rate(sql, "2026-03-01", "1500.5")
    roll(ready, NOW)
    assert lines(sql, "amount, missing") == [(None, "no_rate")]
    report = reprice(ready, asked())
    assert (report.unknown_before, report.unknown_after) == (1, 0)
    assert (report.amount_before, report.amount_after, report.change) == (None, 45015, 45015)
    assert [(each.amount_before, each.amount_after) for each in report.differences] == [(None, 45015)]
    assert report.to_json()["differences"][0]["amount_before"] is None
    assert next(describe(report)) == (
        f"t1  {MODEL}: NGN not known to 45,015.00 (+45,015.00), 1 day, lines without an amount 1 to 0"
    )
    assert lines(sql, "amount, missing") == [(45015, None)]


def test_of_many_differences_none_is_lost(ready: Installation, sql: Sql) -> None:
    for n in range(53):
        sql.tenant(f"t{n:02}")
        sql.usage("2026-03-02T12:00Z", f"t{n:02}", amount=1000 + n)
    price(sql)
    roll(ready, NOW)
    sql("update prices set amount = 40")
    report = preview(ready, asked())
    assert (report.items, len(report.differences), len(report.to_json()["differences"])) == (53, 53, 50)
    assert len(report.full()["differences"]) == 53
    said = list(describe(report))
    assert len(said) == 52
    assert said[50] == "and 3 more items of tenants; --json lists them"


def test_closed_days_of_another_zone_move_when_they_are_repriced(ready: Installation, sql: Sql) -> None:
    """The hour of 03:30Z on the 3rd is of the 3rd in Lagos, of the 2nd in New York."""
    sql.tenant()
    price(sql)
    for at in ("2026-03-02T12:00Z", "2026-03-03T03:30Z", "2026-03-09T03:30Z", "2026-03-09T12:00Z"):
        sql.usage(at)
    roll(ready, NOW)
    sql("update tenants set timezone = 'America/New_York'")
    roll(ready, NOW)
    assert lines(sql, "day::text, quantity") == [
        ("2026-03-02", 1000),
        ("2026-03-03", 1000),
        ("2026-03-08", 1000),
        ("2026-03-09", 1000),
    ]
    reprice(ready, asked())
    assert lines(sql, "day::text, quantity")[:-2] == [("2026-03-02", 2000)]
    assert sql.one("select sum(quantity) from rollup.cost_daily") == 4000


def test_the_verb_shows_the_difference_and_refuses_what_makes_no_sense(
    closed: Installation, sql: Sql, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(closed).items():
        monkeypatch.setenv(name, value)
    sql("update prices set amount = 40")
    words = ["reprice", "--from", "2026-03-02", "--to", "2026-03-04", "--reason", "x"]
    assert main([*words, "--dry-run"]) == 0
    assert "t2  ai_tokens_m-1: NGN 120.00 to 160.00 (+40.00), 2 days" in capsys.readouterr().out
    assert main(words) == 0
    assert sql.one("select sum(amount) from rollup.cost_daily") == Decimal(90 + 240)
    assert main([*words[:4], "2026-03-02", "--reason", "x"]) == 2
    assert main([*words[:2], "yesterday", *words[3:]]) == 2
