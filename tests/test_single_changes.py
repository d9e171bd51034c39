"""One row of the SaaS changes: what a tick writes for it is exactly what hangs on it, and nothing else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from pipeline.installation import Installation
from pipeline.run import run
from tests.conftest import NOW, Sql, published

# Table, and the key by which a row of it is told here.
TABLES = {
    "api_hourly": "tenant_id || ' ' || bucket_start",
    "usage_hourly": "tenant_id || ' ' || bucket_start",
    "api_daily": "tenant_id || ' ' || day",
    "usage_daily": "tenant_id || ' ' || day",
    "cost_daily": "tenant_id || ' ' || day || ' ' || item",
    "mrr_daily": "day || ' ' || plan",
    "mrr_movements": "day || ' ' || tenant_id || ' ' || movement",
    "platform_daily": "day::text",
}
CALLS, TOKENS, EMAILS = "api_calls", "ai_tokens_m-1", "emails"
SUMMARY = "platform summary.json"


@pytest.fixture
def history(ready: Installation, sql: Sql) -> Installation:
    """Two tenants with usage on 3, 8 and 9 March: the 3rd is closed, the 8th and 9th are open."""
    for tenant in ("t1", "t2"):
        sql.tenant(tenant)
        for day in (3, 8, 9):
            sql.request(f"2026-03-0{day} 12:00Z", tenant=tenant)
            sql.usage(f"2026-03-0{day} 12:00Z", tenant=tenant)
    sql.usage("2026-03-09 12:00Z", tenant="t2", quota_type=EMAILS, amount=3)
    sql(
        f"insert into prices values ('{CALLS}', 1000, 450, 'NGN', '2025-01-01'), ('{TOKENS}', 1000, 0.5, 'USD', '2025-01-01'), "
        f"('{EMAILS}', 1, 2, 'EUR', '2025-01-01')"
    )
    sql(
        "insert into fx_rates values ('USD', 'NGN', 1500, '2026-03-01', 'oxr'), ('USD', 'NGN', 1510, '2026-03-09', 'oxr'), "
        "('EUR', 'NGN', 1700, '2026-03-01', 'oxr')"
    )
    sql("insert into quotas values ('t1', 'api_calls', 10, 'month', 1), ('t2', 'api_calls', 10, 'month', 1)")
    sql(
        "insert into subscriptions (tenant_id, plan, status, monthly_amount, currency, started_at) values "
        "('t1', 'pro', 'active', 100, 'NGN', '2026-03-01'), ('t2', 'free', 'active', 10, 'NGN', '2026-03-01')"
    )
    run(ready, NOW - timedelta(days=1))
    run(ready, NOW)
    return ready


def rows_of(sql: Sql) -> dict[tuple[str, str], set[str]]:
    """Every row of the rollups by table and key, as where it lies and which transaction wrote it."""
    found: dict[tuple[str, str], set[str]] = {}
    for table, key in TABLES.items():
        for name, place in sql(f"select {key}, tableoid || ' ' || ctid || ' ' || xmin from rollup.{table}"):
            found.setdefault((table, str(name)), set()).add(str(place))
    return found


def files_of(installation: Installation, sql: Sql) -> dict[str, bytes]:
    """What is published, by a short name: whose it is, and which file."""
    keys = {row[0]: row[1] for row in sql("select path, tenant_id from pipeline.files")}
    named = {}
    for path, content in published(installation).items():
        whose = keys.get(path, "platform" if "/platform/" in path else "")
        named[f"{whose} {re.sub(r'^v1/(?:t|platform)/[^/]+/', '', path)}".strip()] = content
    return {name: content for name, content in named.items() if name != "v1/status.json"}


def written(installation: Installation, sql: Sql, change: str) -> tuple[set[tuple[str, str]], set[str]]:
    """Change a row, let the tick come by; give the rows and files that are not those of before, pages by their month."""
    rows, files = rows_of(sql), files_of(installation, sql)
    sql(change)
    run(installation, NOW)
    after, now = rows_of(sql), files_of(installation, sql)
    changed = {name for name in {*files, *now} if files.get(name) != now.get(name)}
    return (
        {place for place in {*rows, *after} if rows.get(place) != after.get(place)},
        {re.sub(r"\.[0-9a-f]{12}\.json$", "", name) for name in changed},
    )


def days(table: str, *names: str) -> set[tuple[str, str]]:
    """Rows of one table by their keys."""
    return {(table, name) for name in names}


def of_tenants(*tenants: str) -> set[str]:
    """The files of tenants that say what they cost."""
    return {f"{tenant} {name}" for tenant in tenants for name in ("dashboard.json", "costs/2026-03")}


OPEN = ("2026-03-08", "2026-03-09")
COST_FILES = {SUMMARY, "platform daily/2026-03", "platform tenants/1"}
PLAIN: set[tuple[str, str]] = set()


def costs(item: str, tenants: tuple[str, ...], *of: str) -> set[tuple[str, str]]:
    """Lines of an item on some days, and the platform's days that they are added up in."""
    return days("cost_daily", *(f"{tenant} {day} {item}" for tenant in tenants for day in of)) | days(
        "platform_daily", *of
    )


BOTH = ("t1", "t2")
CHANGES = {  # one after the other
    "a price": (
        f"update prices set amount = 900 where item = '{CALLS}'",
        costs(CALLS, BOTH, *OPEN),
        of_tenants(*BOTH) | COST_FILES,
    ),
    "a price to what it is": (f"update prices set amount = 900.0 where item = '{CALLS}'", PLAIN, set()),
    "a price of closed days": (
        f"""insert into prices values ('{TOKENS}', 1000, 0.4, 'USD', '2025-01-02', '2026-03-05 00:00Z'),
        ('{TOKENS}', 1000, 0.5, 'USD', '2026-03-05 00:00Z', null)""",
        # The price in force on the open days has another beginning: a line is told by it.
        costs(TOKENS, BOTH, *OPEN) - days("platform_daily", *OPEN),
        {f"{tenant} costs/2026-03" for tenant in BOTH} | {f"{tenant} dashboard.json" for tenant in BOTH},
    ),
    "a price of something that nobody uses": (
        "insert into prices values ('x', 1, 1, 'USD', '2025-01-01')",
        PLAIN,
        set(),
    ),
    "the rate of a day": (
        "update fx_rates set rate = 1600 where base = 'USD' and rate_date = '2026-03-09'",
        costs(TOKENS, BOTH, "2026-03-09"),
        of_tenants(*BOTH) | COST_FILES,
    ),
    "a rate that was carried until then": (
        "insert into fx_rates values ('USD', 'NGN', 1505, '2026-03-08', 'oxr')",
        costs(TOKENS, BOTH, "2026-03-08"),
        of_tenants(*BOTH) | COST_FILES,
    ),
    "a rate of a closed day": ("insert into fx_rates values ('USD', 'NGN', 1, '2026-03-02', 'oxr')", PLAIN, set()),
    "a rate of another currency": (
        "update fx_rates set rate = 1701 where base = 'EUR'",
        costs(EMAILS, ("t2",), "2026-03-09"),
        of_tenants("t2") | COST_FILES,
    ),
    "a rate that nothing is in": (
        "insert into fx_rates values ('GBP', 'NGN', 2000, '2026-03-01', 'oxr')",
        PLAIN,
        set(),
    ),
    "a rate of tomorrow": ("insert into fx_rates values ('USD', 'NGN', 9, '2026-03-11', 'oxr')", PLAIN, set()),
    "a tenant's plan": (
        "update tenants set plan = 'team' where id = 't2'",
        PLAIN,
        {"t2 dashboard.json", SUMMARY, "platform tenants/1"},
    ),
    "a tenant's zone that has the same days": (
        "update tenants set timezone = 'Africa/Algiers' where id = 't2'",
        # Its days are merged anew, and are what they were; so are its costs.
        {(table, f"t2 {day}") for table in ("api_daily", "usage_daily") for day in ("2026-03-03", *OPEN)},
        {"t2 dashboard.json"},
    ),
    "a quota": ("update quotas set limit_amount = 11 where tenant_id = 't1'", PLAIN, {"t1 dashboard.json"}),
    "a subscription": (
        "update subscriptions set monthly_amount = 200 where tenant_id = 't1'",
        days("mrr_daily", "2026-03-10 pro")
        | days("mrr_movements", "2026-03-10 t1 expansion")
        | days("platform_daily", "2026-03-10"),
        {SUMMARY},  # its pages and longer periods hold days that are over
    ),
    "usage of a closed day": (
        f"insert into usage_records (tenant_id, quota_type, amount, created_at) values ('t1', '{TOKENS}', 1, '2026-03-03 12:00Z')",
        costs(TOKENS, ("t1",), "2026-03-03")
        | {("usage_hourly", "t1 2026-03-03 12:00:00+00"), ("usage_daily", "t1 2026-03-03")},
        of_tenants("t1")
        | COST_FILES
        | {f"t1 {page}" for page in ("hourly/2026-03-03", "daily/2026-03", "weekly/2026", "monthly/2026")},
    ),
}


def test_each_change_redoes_what_hangs_on_it_and_nothing_else(history: Installation, sql: Sql) -> None:
    """Closed days stay as they are until `reprice`, whatever the prices and rates of then are now."""
    for name, (change, rows, files) in CHANGES.items():
        found = written(history, sql, change)
        assert found[0] == rows, name
        assert found[1] == files, name
    assert written(history, sql, "select 1") == (set(), set())
