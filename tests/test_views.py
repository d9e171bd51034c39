"""The views for analysts: each answer computed by hand, each column with a comment."""

from __future__ import annotations

import uuid
from decimal import Decimal

from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.run import run
from tests.conftest import NOW, Sql

D = Decimal


def test_every_view_and_column_says_what_it_is(sql: Sql) -> None:
    views = "select c.relname from pg_class c where c.relnamespace = 'rollup'::regnamespace and c.relkind = 'v'"
    assert len(sql(views)) >= 9
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
