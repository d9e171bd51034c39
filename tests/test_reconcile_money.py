"""Costs, MRR and the platform's days against what they are made of: whatever is edited by hand is found and repaired."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from pipeline.costs.reprice import Repricing, reprice
from pipeline.installation import Installation
from pipeline.reconcile.days import Days
from pipeline.reconcile.reconciling import ReconcileReport, reconcile
from pipeline.rollups.tick import roll
from pipeline.run import run
from tests.conftest import NOW, Contents, Sql

DAY = timedelta(days=1)
TABLES = (
    "rollup.cost_daily",
    "rollup.mrr_daily",
    "rollup.mrr_movements",
    "rollup.platform_daily",
    "pipeline.activity_daily",
)
MARKS = ("pipeline.marked_costs", "pipeline.marked_activity", "pipeline.marked_platform_days", "pipeline.mrr_progress")


def fill(ready: Installation, sql: Sql) -> None:
    """Ten days in two currencies, and all that makes costs hard: late usage, late prices, a reprice, another zone."""
    for tenant in ("t1", "t2", "t3"):
        sql.tenant(tenant)
    sql(
        "insert into prices values ('api_calls', 3, 10, 'NGN', '2020-01-01'), ('ai_tokens_m-1', 7, 0.1, 'USD', '2020-01-01')"
    )
    sql(
        "insert into fx_rates values ('USD', 'NGN', 1500, '2026-02-20', 'oxr'), ('USD', 'NGN', 1601.5, '2026-03-05', 'oxr')"
    )
    sql(
        "insert into subscriptions (id, tenant_id, plan, status, monthly_amount, currency, started_at, ended_at) overriding system value values "
        "(1, 't1', 'pro', 'active', 599.95, 'USD', '2026-02-20', null), (2, 't2', 'free', 'active', 0.1, 'NGN', '2026-01-01', null), "
        "(3, 't2', 'pro', 'cancelled', 7000.005, 'NGN', '2026-01-01', '2026-03-06'), (4, 't3', 'pro', 'active', 10, 'NGN', null, null)"
    )
    for day in range(1, 10):
        for tenant in ("t1", "t2", "t3"):
            for hour in ("02", "11", "23"):
                sql.request(f"2026-03-0{day} {hour}:10Z", tenant=tenant)
                sql.usage(f"2026-03-0{day} {hour}:20Z", tenant=tenant, amount=10 + day)
    run(ready, NOW - 5 * DAY)
    sql("insert into prices values ('ai_tokens_m-1', 7, 0.2, 'USD', '2026-03-02 11:00Z')")
    sql("update subscriptions set monthly_amount = 20 where id = 4")
    run(ready, NOW - 3 * DAY)
    sql.usage("2026-03-02 11:20Z", amount="0.5")
    sql.usage("2026-03-03 11:20Z", tenant="t3", quota_type="ai_tokens_m-9", amount=5)
    sql("update tenants set timezone = 'America/New_York' where id = 't3'")
    sql("update subscriptions set status = 'cancelled' where id = 4")
    run(ready, NOW - DAY)
    reprice(ready, Repricing(date(2026, 3, 2), date(2026, 3, 3), "agreed on"))
    sql("update tenants set timezone = 'Africa/Lagos' where id = 't3'")
    run(ready, NOW)


@pytest.fixture
def contents(request: pytest.FixtureRequest) -> Contents | None:
    """Made once for all tests that begin with it."""
    return fill if "history" in request.fixturenames else None


@pytest.fixture
def history(ready: Installation) -> Installation:
    """What `fill` has made."""
    return ready


def stored(sql: Sql) -> list[list[tuple[object, ...]]]:
    return [sql(f"select t::text from {table} as t order by 1") for table in TABLES]


def kinds(report: ReconcileReport) -> set[str]:
    return set(report.found.differing)


def test_what_nobody_tampered_with_agrees_closed_days_and_moved_ones_too(history: Installation, sql: Sql) -> None:
    days = sql.one("select count(distinct zone) from pipeline.cost_zones where tenant_id = 't3'")
    assert days == 2, "the zone of t3 changes within its cost days"
    assert sql.one("select count(*) from rollup.cost_daily where missing = 'no_price'") == 1
    before = stored(sql), [sql(f"select * from {table}") for table in MARKS]
    report = reconcile(history)
    assert report.found.differences == []
    assert report.agrees
    assert (stored(sql), [sql(f"select * from {table}") for table in MARKS]) == before


COSTS = {"cost_daily", "platform_daily"}
TAMPERED = {
    "a closed day's amount": ("update rollup.cost_daily set amount = amount * 2 where day = '2026-03-03'", COSTS),
    "a closed day's price": ("update rollup.cost_daily set unit_price = 9 where day = '2026-03-03'", {"cost_daily"}),
    "an open day's quantity": (
        "update rollup.cost_daily set quantity = quantity + 0.000001 where day = '2026-03-09'",
        {"cost_daily"},
    ),
    "an open day's rate": (
        "update rollup.cost_daily set fx_date = fx_date - 1 where day = '2026-03-09'",
        {"cost_daily"},
    ),
    "a reason": ("update rollup.cost_daily set missing = 'no_rate' where missing = 'no_price'", {"cost_daily"}),
    "a line that is gone": ("delete from rollup.cost_daily where day = '2026-03-04' and tenant_id = 't1'", COSTS),
    "a line of nothing": (
        "insert into rollup.cost_daily (tenant_id, day, item, price_from, quantity, amount) values ('t1', '2026-03-04', 'x', '2026-01-01', 1, 5)",
        COSTS,
    ),
    "a line on a day without usage": (
        "insert into rollup.cost_daily (tenant_id, day, item, price_from, quantity, amount) values ('t2', '2026-01-04', 'x', '2026-01-01', 1, 5)",
        COSTS,
    ),
    "an unknown amount that became zero": (
        "update rollup.cost_daily set amount = 0, missing = null where missing = 'no_price'",
        COSTS,
    ),
    "MRR of a day": (
        "update rollup.mrr_daily set mrr = mrr + 0.0001 where day = '2026-03-04' and plan = 'pro'",
        {"mrr_daily", "mrr_bridge", "platform_daily"},
    ),
    "tenants of a plan": ("update rollup.mrr_daily set tenants = 9 where day = '2026-03-04'", {"mrr_daily"}),
    "a movement that is gone": (
        "delete from rollup.mrr_movements where movement = 'churn' and day < '2026-03-10'",
        {"mrr_movements", "mrr_bridge"},
    ),
    "a movement by another name": (
        "update rollup.mrr_movements set movement = 'reactivation' where movement = 'new'",
        {"mrr_movements"},
    ),
    "a movement of nothing": (
        "insert into rollup.mrr_movements values ('2026-02-01', 't3', 'new', 1), ('2026-02-02', 't3', 'churn', -1)",
        {"mrr_movements", "mrr_bridge"},
    ),
    "the platform's cost": (
        "update rollup.platform_daily set cost = cost + 0.01 where day = '2026-03-04'",
        {"platform_daily"},
    ),
    "a day of the platform that is gone": (
        "delete from rollup.platform_daily where day = '2026-03-04'",
        {"platform_daily"},
    ),
    "a day of the platform of nothing": (
        "insert into rollup.platform_daily values ('2020-01-01', 1, 1, 1, 1, 1)",
        {"platform_daily"},
    ),
    "who was active": (
        "update pipeline.activity_daily set requests = requests + 1 where day = '2026-03-04' and tenant_id = 't2'",
        {"activity_daily", "platform_daily"},
    ),
    "who was not": (
        "insert into pipeline.activity_daily values ('2026-03-04', 't9', 1, 1, 1)",
        {"activity_daily", "platform_daily"},
    ),
}


@pytest.mark.parametrize("table", ["cost_daily", "mrr", "platform_daily", "activity_daily"])
def test_money_edited_by_hand_is_found_and_repaired(history: Installation, sql: Sql, table: str) -> None:
    right = stored(sql)
    cases = {name: case for name, case in TAMPERED.items() if f".{table}" in case[0]}
    assert cases
    for name, (statement, found) in cases.items():
        sql(statement)
        assert stored(sql) != right, name
        report = reconcile(history, repair=True)
        assert kinds(report) == found, name
        assert report.agrees, (name, report.lines())
        assert stored(sql) == right, name
    assert reconcile(history).found.differences == []


def test_the_difference_is_said_in_a_sentence(history: Installation, sql: Sql) -> None:
    sql("update rollup.cost_daily set amount = 1 where day = '2026-03-03' and tenant_id = 't1' and item = 'api_calls'")
    sql("update rollup.mrr_daily set mrr = 7 where day = '2026-03-04' and plan = 'free'")
    lines = reconcile(history).lines()
    [cost] = [
        line for line in lines if line.startswith("cost_daily 2026-03-03 tenant t1: 1 differ in amount; amount stored")
    ]
    assert cost
    [bridge, _] = [line for line in lines if line.startswith("mrr_bridge")]
    assert bridge.startswith("mrr_bridge 2026-03-04: 1 differ in closing is not opening + movements; mrr stored")


def test_a_range_is_compared_alone(history: Installation, sql: Sql) -> None:
    sql("update rollup.cost_daily set amount = 1 where day = '2026-03-03'")
    sql("update rollup.mrr_daily set mrr = 7 where day = '2026-03-03' and plan = 'free'")
    assert kinds(reconcile(history, NOW - 3 * DAY)) == set()
    assert kinds(reconcile(history, NOW - 8 * DAY, NOW - 6 * DAY)) == {
        "cost_daily", "mrr_daily", "mrr_bridge", "platform_daily",
    }  # fmt: skip


def test_days_are_those_that_a_range_touches() -> None:
    at = datetime.fromisoformat
    whole = Days()
    assert whole.times == {"start": "-infinity", "end": "infinity"}
    assert whole.of("Africa/Lagos") == whole.anywhere() == {"first_day": "-infinity", "end_day": "infinity"}
    days = Days(at("2026-03-10T23:00Z"), at("2026-03-11T23:00Z"))
    assert days.of("Africa/Lagos") == {"first_day": "2026-03-11", "end_day": "2026-03-12"}
    assert days.of("America/New_York") == {"first_day": "2026-03-10", "end_day": "2026-03-12"}
    assert days.anywhere() == {"first_day": "2026-03-10", "end_day": "2026-03-13"}


def test_what_the_next_tick_does_anyway_is_no_difference(history: Installation, sql: Sql) -> None:
    """Marked days, and MRR of the day that is not over."""
    sql("update rollup.cost_daily set amount = 1 where day = '2026-03-03' and tenant_id = 't1'")
    sql("insert into pipeline.marked_costs values ('t1', '2026-03-03')")
    sql("insert into pipeline.marked_platform_days values ('2026-03-03')")
    sql("update rollup.mrr_daily set tenants = 5 where day = '2026-03-10'")
    sql("update pipeline.activity_daily set requests = 7 where day = '2026-03-09' and tenant_id = 't1'")
    sql("insert into pipeline.marked_activity values ('t1', '2026-03-09')")
    sql("insert into pipeline.marked_platform_days values ('2026-03-09')")
    report = reconcile(history)
    assert kinds(report) == set()
    assert report.found.waiting == 5
    roll(history, NOW)
    assert reconcile(history).found.waiting == 0


def test_prices_and_subscriptions_that_no_tick_has_seen_are_no_difference(history: Installation, sql: Sql) -> None:
    sql("update prices set amount = amount * 2")
    sql("update fx_rates set rate = rate * 2")
    sql("update subscriptions set monthly_amount = monthly_amount * 2, started_at = '2026-01-15'")
    sql("update tenants set timezone = 'Asia/Tokyo'")
    assert kinds(reconcile(history)) == set()


def test_days_of_dropped_hours_are_left_as_they_are(history: Installation, sql: Sql) -> None:
    """What only hours can say cannot be compared without them: the day with a price change, and those of another zone."""
    sql("delete from rollup.api_hourly where bucket_start < '2026-03-08'")
    sql("delete from rollup.usage_hourly where bucket_start < '2026-03-08'")
    sql("update pipeline.progress set hours_from = '2026-03-08'")
    sql("alter table api_requests disable trigger user; alter table usage_records disable trigger user")
    assert {"cost_daily", "activity_daily", "platform_daily"} & kinds(reconcile(history)) == set()


def test_a_tenant_without_a_usable_zone_is_left_as_it_is(history: Installation, sql: Sql) -> None:
    sql("update tenants set timezone = 'Asia/Kolkata' where id = 't1'")
    run(history, NOW)
    sql("update rollup.cost_daily set amount = 1 where tenant_id = 't1' and day = '2026-03-03'")
    assert "cost_daily" not in kinds(reconcile(history))
