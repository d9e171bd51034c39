"""What usage cost, in the published files: equal to SQL, redone where it changed, complete, found by reconcile."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from pipeline.documents.budget import DASHBOARD_BYTES, PAGE_BYTES
from pipeline.documents.cost_pages import COLUMNS
from pipeline.installation import Installation
from pipeline.publish.due import _code
from pipeline.publish.keys import address
from pipeline.reconcile.files import compare_files, repair_files
from pipeline.run import run
from pipeline.settings import ROOT
from tests.checks import assert_settled, stamped
from tests.conftest import NOW, Sql, dashboard_of, document, published
from tests.test_costs import MODEL, price, rate

Json = dict[str, Any]
DAY = timedelta(days=1)


def costs(installation: Installation, period: str, tenant: str = "t1") -> Json:
    found: Json = dashboard_of(installation, tenant)["periods"][period]["cost_breakdown"]
    return found


def pages_of(installation: Installation, tenant: str = "t1") -> dict[str, Json]:
    """The pages of costs that the dashboard and its index pages lead to, by name, newest first."""
    place = address(installation, tenant).path.rsplit("/", 1)[0]
    entries, found = dashboard_of(installation, tenant)["pages"]["costs"], {}
    while entries:
        read = {each["path"]: document(installation, f"{place}/{each['path']}") for each in entries}
        found |= {path.split("/")[1].split(".")[0]: page for path, page in read.items() if page["kind"] == "costs"}
        entries = [each for page in read.values() if page["kind"] == "costs-index" for each in page["pages"]]
    return found


def lines_in(pages: dict[str, Json]) -> list[tuple[Any, ...]]:
    return [line for page in reversed(pages.values()) for line in zip(*(page[each] for each in COLUMNS), strict=True)]


# Numbers


def test_periods_cost_what_their_days_cost_and_the_last_24_hours_what_their_hours_cost(
    ready: Installation, sql: Sql
) -> None:
    """It is 12:00 UTC on the 10th; the days are those of Lagos, which begin at 23:00 UTC; 30 naira are 1000 tokens."""
    sql.tenant()
    price(sql)
    price(sql, item="api_calls", amount=450)
    for at, amount in {
        "2026-03-10T11:59:59Z": 1,  # the last 24 hours, and today: in no period of days
        "2026-03-09T23:00:00Z": 10,  # the same
        "2026-03-09T22:59:59Z": 100,  # the last 24 hours, and yesterday
        "2026-03-09T12:00:00Z": 1_000,  # the first second of the last 24 hours
        "2026-03-09T11:59:59Z": 10_000,  # the 24 hours before
        "2026-03-08T12:00:00Z": 100_000,  # their first second
        "2026-03-08T11:59:59Z": 1_000_000,
        "2026-03-02T23:00:00Z": 10_000_000,  # the first of the seven days
        "2026-03-02T22:59:59Z": 100_000_000,  # the seven before
    }.items():
        sql.usage(at, amount=amount)
    sql.request("2026-03-09T12:30:00Z")
    run(ready, NOW)
    day, week = costs(ready, "24h"), costs(ready, "7d")
    assert day == {
        "total": "33.78",
        "currency": "NGN",
        "complete": True,
        "coverage_pct": 100.0,
        "missing": [],
        "missing_more": 0,
        "breakdown": {
            "ai_tokens": {"total": "33.33", "by_model": {"m-1": "33.33"}, "other_models": None},
            "api_calls": {"total": "0.45"},
        },
        "other_items": None,
        "previous": {"total": "3300.00", "complete": True},
        "change": {"usage": "-3266.22", "price": "0.00", "fx": "0.00"},
        "change_pct": -98.98,
        "trend": None,
    }
    assert week["breakdown"]["ai_tokens"]["total"] == "333333.00"
    assert week["previous"] == {"total": "3000000.00", "complete": True}
    assert costs(ready, "30d")["total"] == "3333333.45"
    assert (week["total"], week["change_pct"]) == ("333333.45", -88.89)
    assert week["trend"] == ["300000.00", "0.00", "0.00", "0.00", "0.00", "33000.00", "333.45"]
    assert_settled(ready, sql, NOW)


def test_the_last_24_hours_are_at_the_prices_and_rates_of_their_own_time(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    price(sql, currency="USD", effective_to="2026-03-10T06:00Z")
    price(sql, currency="USD", amount=60, start="2026-03-10T06:00Z")
    rate(sql, "2026-03-09", 1000)
    rate(sql, "2026-03-10", 1100)
    sql.usage("2026-03-09T22:00:00Z")  # the 9th in Lagos: 30 dollars at 1,000
    sql.usage("2026-03-09T23:00:00Z")  # the 10th: 30 at 1,100
    sql.usage("2026-03-10T06:00:00Z")  # 60 at 1,100
    sql.usage("2026-03-10T05:00:00Z", quota_type="ai_tokens_new")
    run(ready, NOW)
    found = costs(ready, "24h")
    assert (found["total"], found["complete"], found["coverage_pct"]) == ("129000.00", False, 75.0)
    assert found["missing"] == [
        {
            "item": "ai_tokens_new",
            "reason": "no_price",
            "quantity": "1000",
            "first_day": "2026-03-10",
            "last_day": "2026-03-10",
        }
    ]


def test_a_price_that_changes_redoes_open_days_and_nobody_else(ready: Installation, sql: Sql) -> None:
    for tenant in ("t1", "t2"):
        sql.tenant(tenant)
    price(sql)
    price(sql, item="ai_tokens_m-2")
    for day in (5, 8, 9):
        sql.usage(f"2026-03-0{day}T12:00Z", "t1")
        sql.usage(f"2026-03-0{day}T12:00Z", "t2", quota_type="ai_tokens_m-2")
    run(ready, NOW)
    before = stamped(ready)
    sql("update prices set amount = 40 where item = %s", MODEL)
    run(ready, NOW)
    folder = address(ready, "t1").path.rsplit("/", 1)[0]
    changed = {path.split(".")[0] for path, held in stamped(ready).items() if before.get(path) != held}
    assert {path for path in changed if path.startswith("v1/t/")} == {f"{folder}/dashboard", f"{folder}/costs/2026-03"}
    assert costs(ready, "7d")["total"] == "110.00"
    assert [line[-2] for line in lines_in(pages_of(ready))] == ["30", "40", "40"]
    assert_settled(ready, sql, NOW)


# Pages


def many_models(sql: Sql, models: int, days: tuple[str, ...]) -> None:
    for day in days:
        sql(
            """insert into usage_records (tenant_id, quota_type, amount, created_at)
            select 't1', 'ai_tokens_model-' || i, i * 7 + 0.1, %s from generate_series(1, %s) as i""",
            f"{day}T12:00Z",
            models,
        )


def test_a_tenant_with_two_thousand_models_keeps_to_the_budget_and_its_pages_are_complete(
    ready: Installation, sql: Sql
) -> None:
    sql.tenant()
    many_models(sql, 2000, ("2026-02-20", "2026-03-08", "2026-03-09"))
    sql(
        """insert into prices (item, unit_size, amount, currency, effective_from)
        select 'ai_tokens_model-' || i, 1000, i * 0.0137, 'NGN', '2025-01-01' from generate_series(1, 1500) as i"""
    )
    run(ready, NOW)
    sizes = {path: len(held) for path, held in published(ready).items()}
    assert all(size <= DASHBOARD_BYTES for path, size in sizes.items() if path.endswith("dashboard.json"))
    assert max(sizes.values()) <= PAGE_BYTES
    pages = pages_of(ready)
    assert list(pages) == [f"2026-03-{n}" for n in range(10, 1, -1)] + ["2026-03", "2026-02-5", "2026-02-4"] + [
        *("2026-02-3", "2026-02-2", "2026-02"),
    ]
    lines = lines_in(pages)
    assert sum(Fraction(line[-2]) for line in lines if line[-2]) == Fraction(
        sql.one("select sum(amount) from rollup.cost_daily")  # type: ignore[arg-type]
    )
    assert len(lines) == len({line[:3] for line in lines}) == sql.one("select count(*) from rollup.cost_daily") == 6000
    found = costs(ready, "30d")
    assert Decimal(found["total"]) == sql.one("select round(sum(amount), 2) from rollup.cost_daily")
    assert (found["coverage_pct"], found["missing_more"]) == (75.0, 490)
    tokens = found["breakdown"]["ai_tokens"]
    rest = sum(map(Decimal, tokens["by_model"].values())) + Decimal(tokens["other_models"]["total"])
    assert (rest, tokens["other_models"]["models"]) == (Decimal(found["total"]), 1990)
    assert run(ready, NOW).publish.files_written == 0
    assert compare_files(ready).differences == []


def test_a_month_that_shrinks_gives_up_the_pages_that_it_does_not_need(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    many_models(sql, 450, ("2026-03-08", "2026-03-09"))
    run(ready, NOW)
    before = pages_of(ready)
    assert list(before) == ["2026-03-3", "2026-03-2", "2026-03"]
    sql("delete from usage_records where created_at > '2026-03-09'")
    run(ready, NOW)
    after = pages_of(ready)
    assert list(after) == ["2026-03-2", "2026-03"]
    assert after["2026-03"] == before["2026-03"]
    assert_settled(ready, sql, NOW)
    sql("delete from usage_records")
    run(ready, NOW)
    assert pages_of(ready) == {}
    assert costs(ready, "30d")["total"] == "0.00"
    assert_settled(ready, sql, NOW)


def test_a_day_is_in_its_page_once_it_is_over(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.usage("2026-03-10T11:00Z")
    run(ready, NOW)
    assert pages_of(ready) == {}
    run(ready, datetime(2026, 3, 10, 23, tzinfo=UTC))
    (page,) = pages_of(ready).values()
    assert page == {
        "schema": 1,
        "kind": "costs",
        "tenant_id": "t1",
        "from": "2026-03-09T23:00:00Z",
        "to": "2026-03-10T23:00:00Z",
        **{column: [None] for column in COLUMNS},
        "day": ["2026-03-10"],
        "item": [MODEL],
        "quantity": ["1000"],
        "missing": ["no_price"],
    }


def test_pages_go_with_the_days_that_retention_drops(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    for month in ("2025-11", "2025-12", "2026-03"):
        sql.usage(f"{month}-05T12:00Z")
    run(ready, NOW)
    assert list(pages_of(ready)) == ["2026-03", "2025-12", "2025-11"]
    sql("update pipeline.progress set days_from = '2025-12-10'")
    sql.usage("2026-03-10T11:00Z")
    run(ready, NOW)
    assert list(pages_of(ready)) == ["2026-03", "2025-12"]
    assert compare_files(ready).differences == []


# What keeps files true


def test_reconcile_finds_costs_that_the_files_do_not_say(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    price(sql)
    sql.usage("2026-03-08T12:00Z")
    run(ready, NOW)
    assert compare_files(ready).differences == []
    sql("update rollup.cost_daily set amount = 31")
    report = compare_files(ready)
    assert {(each.kind, each.page, each.what) for each in report.differences} == {
        ("dashboard", "", "differs from the rollups"),
        ("costs", "2026-03", "differs from the rollups"),
    }
    repair_files(ready, report)
    run(ready, NOW)
    assert costs(ready, "7d")["total"] == "31.00"
    assert compare_files(ready).differences == []


@pytest.mark.parametrize(
    "part", ["pipeline/documents/money.py", "pipeline/publish/costs.py", "sql/documents/costs_days.sql"]
)
def test_other_code_reaches_every_file(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ROOT / part
    before, read = _code.__wrapped__(), type(path).read_bytes
    monkeypatch.setattr(type(path), "read_bytes", lambda self: b"else" if self == path else read(self))
    assert _code.__wrapped__() != before


def test_amounts_are_added_up_in_all_digits(ready: Installation, sql: Sql) -> None:
    """Ten quadrillion tokens and a tenth, at a price of a tenth and two tenths."""
    sql.tenant()
    price(sql, amount="0.1", unit_size=1)
    price(sql, item="ai_tokens_m-2", amount="0.2", unit_size=1)
    for model in ("m-1", "m-2"):
        sql.usage("2026-03-08T12:00Z", amount="10000000000000000.1", quota_type=f"ai_tokens_{model}")
    run(ready, NOW)
    assert costs(ready, "7d")["total"] == "3000000000000000.03"
    (page,) = pages_of(ready).values()
    assert page["amount"] == ["1000000000000000.01", "2000000000000000.02"]
    assert date.fromisoformat(page["day"][0]) == date(2026, 3, 8)
