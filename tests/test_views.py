"""The views for analysts: each answer computed by hand, each column with a comment."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest

from pipeline.documents.numbers import instant
from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.run import run
from tests.conftest import NOW, Sql, address_of, dashboard_of, installation_on

D = Decimal


def test_every_view_and_column_says_what_it_is(sql: Sql) -> None:
    views = "select c.relname from pg_class c where c.relnamespace = 'rollup'::regnamespace and c.relkind = 'v'"
    assert len(sql(views)) >= 12
    assert sql(views + " and obj_description(c.oid) is null") == []
    columns = (
        "select attrelid::regclass::text, attname from pg_attribute join pg_class c on c.oid = attrelid "
        "where c.relnamespace = 'rollup'::regnamespace and c.relkind = 'v' and attnum > 0 "
        "and col_description(attrelid, attnum) is null"
    )
    assert sql(columns) == []


def cost(sql: Sql, day: str, tenant: str = "t1", **more: object) -> None:
    given = {
        "tenant_id": tenant, "day": day, "item": "api_calls", "price_from": "2026-01-01", "quantity": 10,
        "unit_size": 1, "unit_price": D("0.1"), "currency": "NGN", "native_amount": 1, "fx_rate": 1, "amount": 1,
    } | more  # fmt: skip
    places = ", ".join(["%s"] * len(given))
    sql(f"insert into rollup.cost_daily ({', '.join(given)}) values ({places})", *given.values())


UNKNOWN: dict[str, object] = {
    "price_from": "-infinity", "unit_size": None, "unit_price": None, "currency": None, "native_amount": None,
    "fx_rate": None, "amount": None, "missing": "no_price",
}  # fmt: skip
NO_RATE: dict[str, object] = {"currency": "USD", "fx_rate": None, "amount": None, "missing": "no_rate"}


def test_costs_add_up_by_tenant_and_month_and_unknown_ones_are_counted_not_zero(sql: Sql) -> None:
    cost(sql, "2026-01-31", amount=D("0.1"))
    cost(sql, "2026-01-01", amount=D("0.2"))
    cost(sql, "2026-02-01", amount=D("7"))
    cost(sql, "2026-02-01", item="ai_tokens_m-9", **UNKNOWN)
    cost(sql, "2026-02-28", "t2", item="ai_tokens_m-9", quantity=5, **UNKNOWN)
    found = sql(
        "select tenant_id, month::text, cost, lines, unknown_lines from rollup.cost_by_tenant_month order by 1, 2"
    )
    assert found == [
        ("t1", "2026-01-01", D("0.3"), 2, 0),
        ("t1", "2026-02-01", D(7), 2, 1),
        ("t2", "2026-02-01", None, 1, 1),
    ]
    found = sql(
        "select item, month::text, tenants, quantity, unknown_quantity, cost from rollup.cost_by_item_month order by 1, 2"
    )
    assert found == [
        ("ai_tokens_m-9", "2026-02-01", 2, D(15), D(15), None),
        ("api_calls", "2026-01-01", 1, D(20), None, D("0.3")),
        ("api_calls", "2026-02-01", 1, D(10), None, D(7)),
    ]


def test_what_is_missing_is_listed_with_its_days_and_tenants(sql: Sql) -> None:
    assert sql("select * from rollup.cost_missing") == []
    cost(sql, "2026-01-01")
    cost(sql, "2026-02-03", item="ai_tokens_m-9", **UNKNOWN)
    cost(sql, "2026-02-01", "t2", item="ai_tokens_m-9", quantity=5, **UNKNOWN)
    cost(sql, "2026-02-02", **NO_RATE)
    found = sql(
        "select item, reason, currency, first_day::text, last_day::text, tenants, lines, quantity "
        "from rollup.cost_missing order by 1"
    )
    assert found == [
        ("ai_tokens_m-9", "no_price", None, "2026-02-01", "2026-02-03", 2, 2, D(15)),
        ("api_calls", "no_rate", "USD", "2026-02-02", "2026-02-02", 1, 1, D(10)),
    ]


def test_the_percentiles_of_a_week_are_merged_not_averaged(ready: Installation, sql: Sql) -> None:
    """11..20 on one day and 91..100 on the next: p90 of each is 19 and 99, of both 98."""
    for n in range(10):
        sql.request("2024-12-30 12:00Z", duration_ms=float(11 + n))
        sql.request("2025-01-05 12:00Z", duration_ms=float(91 + n), status_code=500)
    sql.request("2025-01-05 12:00Z", duration_ms=-1.0)
    sql.request("2025-01-06 12:00Z", tenant="t2")
    roll(ready, NOW)
    found = sql(
        "select tenant_id, week, requests, errors, duration_count from rollup.p95_by_endpoint_week order by 1, 2"
    )
    assert found == [("t1", "2025-W01", 21, 10, 20), ("t2", "2025-W02", 1, 0, 1)]
    week = "from rollup.p95_by_endpoint_week where tenant_id = 't1'"
    [(p50, p95, again)] = sql(f"select p50_ms, p95_ms, rollup.quantile(duration_sketch, 0.95) {week}")
    assert abs(float(str(p50)) - 20) < 0.2
    assert abs(float(str(p95)) - 99) < 1
    assert again == p95


def test_percentiles_of_all_tenants_are_merged_too(ready: Installation, sql: Sql) -> None:
    for n in range(10):
        sql.request("2026-03-02 12:00Z", duration_ms=float(11 + n))
        sql.request("2026-03-03 12:00Z", tenant="t2", duration_ms=float(91 + n))
    roll(ready, NOW)
    [(week, tenants, requests, p95)] = sql(
        "select week, tenants, requests, p95_ms from rollup.p95_by_endpoint_week_all"
    )
    assert (week, tenants, requests) == ("2026-W10", 2, 20)
    assert abs(float(str(p95)) - 99) < 1


def test_usage_and_active_tenants_by_month_of_the_tenants_own_days(ready: Installation, sql: Sql) -> None:
    sql.tenant(timezone="Africa/Lagos")
    sql.request("2026-01-31 22:59Z")
    sql.request("2026-01-31 23:00Z", status_code=404)  # February in Lagos
    sql.usage("2026-02-10 12:00Z", amount=5)
    sql.usage("2026-02-10 12:00Z", quota_type="storage_gb", amount=9)
    sql.request("2025-11-10 12:00Z", tenant="t2")
    sql.usage("2026-02-10 12:00Z", tenant="t2", quota_type="storage_gb", amount=9)
    roll(ready, NOW)
    found = sql(
        "select tenant_id, month::text, requests, errors, ai_tokens, usage_records "
        "from rollup.usage_by_tenant_month order by 1, 2"
    )
    assert found == [
        ("t1", "2026-01-01", 1, 0, D(0), 0),
        ("t1", "2026-02-01", 1, 1, D(5), 2),
        ("t2", "2025-11-01", 1, 0, D(0), 0),
        ("t2", "2026-02-01", 0, 0, D(0), 1),
    ]
    found = sql(
        "select month::text, active_tenants, first_time, back_again from rollup.active_tenants_month order by 1"
    )
    assert found == [("2025-11-01", 1, 1, 0), ("2026-01-01", 1, 1, 0), ("2026-02-01", 2, 0, 1)]


def test_the_mrr_bridge_of_a_month_adds_up_and_months_without_movement_are_there(sql: Sql) -> None:
    """100 a month from January; 200 from 15 March; 5 by the rate on 31 March; ended on 10 April; May has nothing."""
    sql(
        "insert into rollup.mrr_movements (day, tenant_id, movement, amount) values "
        "('2026-01-09', 't1', 'new', 100), ('2026-03-15', 't1', 'expansion', 100), "
        "('2026-03-31', 't1', 'fx_impact', 5), ('2026-04-10', 't1', 'churn', -205)"
    )
    sql(
        "insert into rollup.mrr_daily (day, plan, tenants, subscriptions, mrr, unpriced) values "
        "('2026-01-09', 'pro', 1, 1, 100, 0), ('2026-03-30', 'pro', 1, 1, 200, 2), "
        "('2026-03-31', 'pro', 1, 2, 205, 1), ('2026-03-31', 'free', 1, 1, null, 1), ('2026-05-02', 'free', 1, 1, 0, 0)"
    )
    found = sql(
        "select month::text, opening, new, expansion, contraction, churn, reactivation, fx_impact, closing, unpriced "
        "from rollup.mrr_bridge_month order by 1"
    )
    assert found == [
        ("2026-01-01", 0, 100, 0, 0, 0, 0, 0, 100, 0),
        ("2026-02-01", 100, 0, 0, 0, 0, 0, 0, 100, 0),
        ("2026-03-01", 100, 0, 100, 0, 0, 0, 5, 205, 2),
        ("2026-04-01", 205, 0, 0, 0, -205, 0, 0, 0, 0),
        ("2026-05-01", 0, 0, 0, 0, 0, 0, 0, 0, 0),
    ]


def test_mrr_by_plan_is_that_of_the_last_day_of_the_month_so_far(sql: Sql) -> None:
    sql(
        "insert into rollup.mrr_daily (day, plan, tenants, subscriptions, mrr, unpriced) values "
        "('2026-01-30', 'pro', 9, 9, 900, 0), ('2026-01-31', 'pro', 1, 2, 49.9958, 0), "
        "('2026-02-01', 'pro', 1, 1, 25, 0), ('2026-02-02', 'pro', 0, 0, 0, 0), ('2026-02-02', 'free', 3, 3, null, 3)"
    )
    found = sql(
        "select month::text, plan, tenants, subscriptions, mrr, unpriced from rollup.mrr_by_plan_month order by 1, 2"
    )
    assert found == [
        ("2026-01-01", "pro", 1, 2, D("49.9958"), 0),
        ("2026-02-01", "free", 3, 3, None, 3),
        ("2026-02-01", "pro", 0, 0, D(0), 0),
    ]


@pytest.mark.parametrize(("setting", "name"), [("default", "default-1"), ("chartmogul", "chartmogul-1")])
def test_mrr_says_by_which_definition_it_is(ready: Installation, sql: Sql, setting: str, name: str) -> None:
    sql("insert into subscriptions (tenant_id, plan, status, monthly_amount) values ('t1', 'pro', 'active', 5)")
    other = installation_on(address_of(ready), ready.settings.home, TENANTCAST_MRR_DEFINITION=setting)
    roll(other, NOW)
    other.database.engine.dispose()
    for view in ("mrr_bridge_month", "mrr_by_plan_month"):
        assert set(sql(f"select definition from rollup.{view}")) == {(name,)}


@pytest.mark.parametrize("seed", range(3))
def test_quotas_in_sql_are_those_of_the_dashboards(ready: Installation, sql: Sql, seed: int) -> None:
    """The view adds up days, the dashboard days and hours: two ways, one answer, at any hour and in any zone."""
    dice = random.Random(seed)
    tenants = {"t1": "Africa/Lagos", "t2": "America/New_York", "t3": "Asia/Tokyo"}
    for tenant, zone in tenants.items():
        sql.tenant(tenant, timezone=zone)
        for kind in ("api_calls", "emails", "ai_tokens_m-1"):
            for period in ("day", "month"):
                limit = dice.choice([None, D(0), D(dice.randrange(1, 30)), D(dice.randrange(1, 10**9)) / 10**6])
                anchor = dice.choice([None, 1, dice.randint(1, 31)])
                sql("insert into quotas values (%s, %s, %s, %s, %s)", tenant, kind, limit, period, anchor)
    for hours in (0, 9, 10, 11, 400):
        through = NOW + timedelta(hours=hours)
        for _ in range(40):
            at = through - dice.choice([timedelta(hours=30), timedelta(days=40)]) * dice.random()
            tenant = dice.choice(list(tenants))
            if dice.random() < 0.5:
                sql.request(at.isoformat(), tenant=tenant)
            else:
                sql.usage(at.isoformat(), tenant=tenant, quota_type="emails", amount=D(dice.randrange(10**6)) / 1000)
        run(ready, through)
        stored = sql(
            "select tenant_id, quota_type, period, used, limit_amount, used_pct, status from rollup.quota_status"
        )
        assert len(stored) == 18
        shown = [
            (tenant, each["quota_type"], each["period"], *map(_exact, _numbers(each)), each["status"])
            for tenant in tenants
            for each in dashboard_of(ready, tenant)["quota_status"]
        ]
        assert sorted(map(repr, shown)) == sorted(repr((*row[:3], *map(_exact, row[3:6]), row[6])) for row in stored)
        times = "select tenant_id, quota_type, period, period_start, resets_at from rollup.quota_status"
        assert {row[:3]: [instant(at) for at in row[3:]] for row in sql(times)} == {  # type: ignore[arg-type]
            (tenant, each["quota_type"], each["period"]): [each["period_start"], each["resets_at"]]
            for tenant in tenants
            for each in dashboard_of(ready, tenant)["quota_status"]
        }
        near = sql("select tenant_id, quota_type, period from rollup.tenants_near_quota order by 1, 2, 3")
        assert near == sorted(row[:3] for row in stored if row[6] in ("near", "over"))


def _numbers(entry: dict[str, object]) -> list[object]:
    return [entry["used"], entry["limit"], entry["used_pct"]]


def _exact(value: object) -> str | None:
    return None if value is None else f"{D(str(value)).normalize():f}"


def test_a_quota_is_near_exactly_from_eighty_percent_on(ready: Installation, sql: Sql) -> None:
    cases = {  # limit, used: percent, status
        "a": ("100", "79.99999999999999999999999999999999", D("79.99"), "ok"),
        "b": ("100", "80", D(80), "near"),
        "c": ("0.3", "0.3", D(100), "over"),
        "d": ("0", "0", None, "ok"),
        "e": ("0", "0.001", None, "over"),
        "f": (None, "5", None, "unlimited"),
        "g": ("999999999999999999999999999999", "799999999999999999999999999999", D("79.99"), "ok"),
        "h": ("3", "1", D("33.33"), "ok"),
    }
    for tenant, (limit, used, *_) in cases.items():
        sql.tenant(tenant)
        sql("insert into quotas values (%s, 'emails', %s, 'month', null)", tenant, limit)
        sql.usage("2026-03-05 10:00Z", tenant=tenant, quota_type="emails", amount=D(used))
    sql.tenant("gone", deleted_at="2026-03-01 00:00Z")
    sql("insert into quotas values ('gone', 'emails', 1, 'month', null)")
    sql.usage("2026-03-05 10:00Z", tenant="gone", quota_type="emails", amount=5)
    roll(ready, NOW)
    found = sql("select tenant_id, used_pct, status from rollup.quota_status order by 1")
    assert found == [(tenant, *expected) for tenant, (_, _, *expected) in cases.items()]
    near = sql("select tenant_id, name, plan, used, limit_amount from rollup.tenants_near_quota order by 1")
    assert near == [
        ("b", "B", "pro", D(80), D(100)),
        ("c", "C", "pro", D("0.3"), D("0.3")),
        ("e", "E", "pro", D("0.001"), D(0)),
    ]


def test_an_analyst_needs_no_right_on_raw_tables_or_state(ready: Installation, sql: Sql) -> None:
    """The rights that docs/analysts.md names suffice for every table and view."""
    sql.tenant()
    sql.request("2026-03-10 10:10Z")
    roll(ready, NOW)
    role = f"analyst_{uuid.uuid4().hex[:8]}"
    names = sql(
        "select relname from pg_class where relnamespace = 'rollup'::regnamespace and relkind in ('p', 'v', 'r')"
    )
    try:
        sql(f"create role {role}")
        sql(f"grant usage on schema rollup, pipeline to {role}")
        sql(f"grant select on all tables in schema rollup to {role}")
        sql(f"grant select on pipeline.progress to {role}")
        sql(f"set role {role}")
        for (name,) in names:
            assert sql(f"select count(*) from rollup.{name}")
    finally:
        sql("reset role")
        sql(f"drop owned by {role}; drop role {role}")


def test_names_and_plans_join_the_rollups(ready: Installation, sql: Sql) -> None:
    sql.tenant(name="t1", plan="starter")
    run(ready, NOW)
    assert sql("select tenant_id, name, plan, timezone, deleted from rollup.tenants") == [
        ("t1", "T1", "starter", "Africa/Lagos", False)
    ]
