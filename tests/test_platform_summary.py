"""The platform's summary: its numbers are those of SQL, known or said to be unknown, and all of them are written once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pipeline.installation import Installation
from pipeline.publish.keys import platform_address, public_name, tenant_key
from pipeline.rollups.tick import roll
from pipeline.run import run
from tests.conftest import NOW, Sql, document
from tests.test_costs import price, rate
from tests.test_mrr import subscription

Json = dict[str, Any]
DAY = timedelta(days=1)
DAYS = {"7d": 7, "30d": 30, "90d": 90}
MOVEMENTS = ("new", "expansion", "contraction", "churn", "reactivation", "fx_impact")


def summary_of(installation: Installation) -> Json:
    return document(installation, platform_address(installation).path)


def pages_of(installation: Installation, kind: str) -> list[Json]:
    """All pages of a kind as the summary lists them, index pages followed."""
    folder = platform_address(installation).path.rsplit("/", 1)[0]
    entries, found = summary_of(installation)["pages"][kind], []
    while entries:
        read = [document(installation, f"{folder}/{each['path']}") for each in entries]
        found += [page for page in read if page["kind"] == kind]
        entries = [each for page in read if page["kind"] == f"{kind}-index" for each in page["pages"]]
    return found


def some_days(sql: Sql, *tenants: str) -> None:
    """A request and 1000 tokens of each tenant on each of the nine days before today, some of it in another zone."""
    for tenant in tenants:
        sql.tenant(tenant)
        for day in range(1, 10):
            sql.request(f"2026-03-0{day}T10:00:00Z", tenant)
            sql.usage(f"2026-03-0{day}T22:59:59Z", tenant)


# Numbers


def test_a_period_by_hand(ready: Installation, sql: Sql) -> None:
    """It is 12:00 UTC on the 10th, 13:00 in Lagos: the seven days are the 3rd to the 9th; 1000 tokens are 30 naira."""
    price(sql)
    price(sql, item="api_calls", amount=450)
    some_days(sql, "t1", "t2")
    sql.request("2026-02-28T12:00:00Z", "t1")
    sql.request("2026-03-09T23:00:00Z", "t1")  # the 10th in Lagos
    subscription(sql, tenant_id="t1", monthly_amount=3650)
    subscription(sql, tenant_id="t2", monthly_amount=730, plan="basic", started_at="2026-03-05T09:00Z")
    run(ready, NOW)
    week = summary_of(ready)["periods"]["7d"]
    daily, top = week.pop("daily"), week.pop("top_tenants")
    assert week == {
        "start": "2026-03-02T23:00:00Z",
        "end": "2026-03-09T23:00:00Z",
        "mrr": {
            "total": "4380.00",
            "currency": "NGN",
            "by_plan": [
                {"plan": "pro", "count": 1, "revenue": "3650.00"},
                {"plan": "basic", "count": 1, "revenue": "730.00"},
            ],
            "other_plans": None,
            "opening": "3650.00",
            "movements": dict.fromkeys(MOVEMENTS, "0.00") | {"new": "730.00"},
            "arpa": "2190.00",
            "nrr_pct": 100.0,
            "grr_pct": 100.0,
            "quick_ratio": None,
            "unpriced": 0,
            "definition": "default-1",
        },
        "active_tenants": 2,
        "active_tenants_before": 2,
        "requests": 14,
        "usage_growth_pct": 180.0,
        "ai_tokens": 14000,
        "tokens_growth_pct": 250.0,
        # 3650 a month are 120 a day; 730 are 24, on five of the days.
        "cost": {
            "total": "426.30",
            "complete": True,
            "revenue": "960.00",
            "revenue_complete": True,
            "margin": "533.70",
            "margin_pct": 55.59,
        },
        "hourly": None,
    }
    assert daily == {
        "start": "2026-03-03",
        "requests": [2] * 7,
        "ai_tokens": [2000] * 7,
        "active_tenants": [2] * 7,
        "mrr": ["3650.00"] * 2 + ["4380.00"] * 5,
        "cost": ["60.90"] * 7,
    }
    assert top == [
        {
            "tenant_id": "t1", "name": "T1", "plan": "pro", "requests": 7, "ai_tokens": 7000,
            "cost": "213.15", "cost_complete": True,
            "mrr": "3650.00", "revenue": "840.00", "revenue_complete": True, "margin": "626.85", "margin_pct": 74.62,
        },
        {
            "tenant_id": "t2", "name": "T2", "plan": "pro", "requests": 7, "ai_tokens": 7000,
            "cost": "213.15", "cost_complete": True,
            "mrr": "730.00", "revenue": "120.00", "revenue_complete": True, "margin": "-93.15", "margin_pct": -77.62,
        },
    ]  # fmt: skip


def test_the_last_24_hours_by_hand(ready: Installation, sql: Sql) -> None:
    """They are hours, not days: what lies at their first second counts, what lies at their end does not."""
    price(sql)
    sql.tenant("t1")
    sql.tenant("t2", timezone="America/New_York")
    sql.usage("2026-03-10T11:59:59Z", "t1", amount=1_000)
    sql.usage("2026-03-09T12:00:00Z", "t2", amount=10_000)
    sql.usage("2026-03-09T11:59:59Z", "t2", amount=100_000)  # the 24 hours before
    sql.usage("2026-03-08T12:00:00Z", "t3", amount=1_000_000)  # their first second, by nobody that is known
    sql.usage("2026-03-10T12:00:00Z", "t1", amount=10_000_000)  # the hour that runs
    subscription(sql, monthly_amount=3650)
    run(ready, NOW)
    day = summary_of(ready)["periods"]["24h"]
    assert (day["start"], day["end"], day["daily"]) == ("2026-03-09T12:00:00Z", "2026-03-10T12:00:00Z", None)
    assert (day["requests"], day["usage_growth_pct"]) == (0, None)
    assert (day["ai_tokens"], day["tokens_growth_pct"]) == (11_000, -99.0)
    assert (day["active_tenants"], day["active_tenants_before"]) == (2, 2)
    assert day["cost"] == {
        "total": "330.00", "complete": True, "revenue": "120.00", "revenue_complete": True, "margin": "-210.00", "margin_pct": -175.0,
    }  # fmt: skip
    assert day["hourly"] == {
        "start": "2026-03-09T12:00:00Z",
        "requests": [0] * 24,
        "ai_tokens": [10_000] + [0] * 22 + [1_000],
        "active_tenants": [1] + [0] * 22 + [1],
    }
    assert [(each["tenant_id"], each["cost"]) for each in day["top_tenants"]] == [("t2", "300.00"), ("t1", "30.00")]


def test_every_period_says_what_sql_says(ready: Installation, sql: Sql) -> None:
    """Raw rows, cost lines and subscriptions of ninety days and more, in zones on both sides of the platform's."""
    history(sql)
    run(ready, NOW)
    found = summary_of(ready)
    today = date(2026, 3, 10)
    for name, days in DAYS.items():
        first, last = today - days * DAY, today - DAY
        period = found["periods"][name]
        now, before = used(sql, first, last), used(sql, first - days * DAY, first - DAY)
        assert (period["requests"], period["ai_tokens"], period["active_tenants"]) == now
        assert period["active_tenants_before"] == before[2]
        growth = [None if not was else round(100 * (is_ - was) / was, 2) for is_, was in zip(now, before, strict=True)]
        assert [period["usage_growth_pct"], period["tokens_growth_pct"]] == growth[:2]
        assert period["cost"]["total"] == f"{cost(sql, first, last):.2f}"
        assert_mrr(sql, period["mrr"], first - DAY, last)
        assert [sum(period["daily"][each]) for each in ("requests", "ai_tokens")] == list(now[:2])
        brought = sum(Decimal(str(mrr or 0)) for (mrr,) in sql(MRR_OF_DAYS, first, last)) * 12 / 365
        assert period["cost"]["revenue"] == f"{brought:.2f}"
    at, period = NOW.replace(minute=0), found["periods"]["24h"]
    [row] = sql(HOURS, at - DAY, at, at - DAY, at)
    assert (period["requests"], period["ai_tokens"], period["active_tenants"]) == row
    assert [sum(period["hourly"][each]) for each in ("requests", "ai_tokens")] == list(row[:2])


def history(sql: Sql, *, rows: int = 5500) -> None:
    """Rows of thirty tenants, back from noon of 10 March: by default of 200 days."""
    price(sql, amount="30.0007")
    price(sql, item="api_calls", amount="0.333", unit_size=1)
    zones = ("Africa/Lagos", "America/New_York", "Asia/Tokyo")
    for number in range(1, 31):
        sql.tenant(f"t{number}", timezone=zones[number % 3], plan=("free", "pro")[number % 2])
        if number % 4:
            subscription(
                sql, tenant_id=f"t{number}", monthly_amount=f"{number}.33", plan=f"p{number % 3}",
                started_at=f"2026-0{1 + number % 3}-0{1 + number % 8}T09:00Z",
                ended_at=f"2026-03-0{2 + number % 7}T09:00Z" if number % 5 == 0 else None,
            )  # fmt: skip
    sql(
        "insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)"
        " select 't' || (1 + n * n % 31), '/', 200, 1, timestamptz '2026-03-10 11:59Z' - n * interval '53 minutes'"
        f" from generate_series(0, {rows}) n"
    )
    sql(
        "insert into usage_records (tenant_id, quota_type, amount, created_at)"
        " select 't' || (1 + n * n % 29), case n % 3 when 0 then 'mails' else 'ai_tokens_m-1' end, n,"
        f" timestamptz '2026-03-10 11:59Z' - n * interval '71 minutes' from generate_series(0, {rows * 8 // 11}) n"
    )


USED = """
    with events as (
        select tenant_id, created_at, 1 as requests, 0 as tokens from api_requests
        union all
        select tenant_id, created_at, 0, case when starts_with(quota_type, 'ai_tokens_') then amount else 0 end
        from usage_records
    )
    select count(*) filter (where requests > 0), coalesce(sum(tokens), 0)::bigint, count(distinct tenant_id)
    from events """
OF_DAYS = USED + "where (created_at at time zone 'Africa/Lagos')::date between %s and %s"
HOURS = USED + "where created_at >= %s and created_at < %s and created_at >= %s and created_at < %s"
MRR_OF_DAYS = "select sum(mrr) from rollup.mrr_daily where day between %s and %s group by day"


def used(sql: Sql, first: date, last: date) -> tuple[int, int, int]:
    [row] = sql(OF_DAYS, first, last)
    requests, tokens, tenants = (int(str(each)) for each in row)
    return requests, tokens, tenants


def cost(sql: Sql, first: date, last: date) -> Decimal:
    found = sql.one("select round(sum(amount), 2) from rollup.cost_daily where day between %s and %s", first, last)
    return Decimal(str(found))


def assert_mrr(sql: Sql, found: Json, opening: date, closing: date) -> None:
    """Opening + movements = total, as written; both ends, the plans and each movement are those of SQL."""
    moved = {name: Decimal(amount) for name, amount in found["movements"].items()}
    assert Decimal(found["opening"]) + sum(moved.values()) == Decimal(found["total"])
    assert sum(Decimal(each["revenue"]) for each in found["by_plan"]) == Decimal(found["total"])
    for day, written in ((opening, found["opening"]), (closing, found["total"])):
        stored = sql.one("select coalesce(round(sum(mrr), 2), 0) from rollup.mrr_daily where day = %s", day)
        assert Decimal(str(stored)) == Decimal(written)
    stored_moves = sql(
        "select movement, sum(amount) from rollup.mrr_movements where day > %s and day <= %s group by 1",
        opening,
        closing,
    )
    for movement, amount in stored_moves:
        assert abs(moved[str(movement)] - Decimal(str(amount))) <= Decimal("0.01")
    assert {name for name, amount in moved.items() if amount} <= {str(name) for name, _ in stored_moves}
    plans = sql("select plan, subscriptions from rollup.mrr_daily where day = %s and subscriptions > 0", closing)
    assert sorted((each["plan"], each["count"]) for each in found["by_plan"]) == sorted(plans)


def test_costs_add_up_from_lines_to_tenants_to_the_platform(ready: Installation, sql: Sql) -> None:
    """Of each day, tenant and period: exactly where they are stored, rounded once where they are written."""
    history(sql)
    run(ready, NOW)
    by_day = "select day, sum(amount), count(*) filter (where amount is null) from rollup.cost_daily group by day"
    assert sql("select day, cost, unknown_costs from rollup.platform_daily order by 1") == sorted(sql(by_day))
    span = (date(2026, 2, 8), date(2026, 3, 9))
    lines = "select tenant_id, sum(amount), count(*) filter (where amount is null) from rollup.cost_daily where day between %s and %s group by 1"
    expected = {str(tenant): (Decimal(str(amount)), unknown) for tenant, amount, unknown in sql(lines, *span)}
    assert any(unknown for _, unknown in expected.values())
    pages = pages_of(ready, "tenants")
    listed = {
        tenant: place
        for page in pages
        for place in zip(page["tenant_id"], page["cost"], page["cost_complete"], strict=True)
        for tenant in place[:1]
    }
    assert {tenant: (amount, complete) for tenant, amount, complete in listed.values() if tenant in expected} == {
        tenant: (f"{round(amount, 2):.2f}", not unknown) for tenant, (amount, unknown) in expected.items()
    }
    whole = summary_of(ready)["periods"]["30d"]
    assert whole["cost"]["total"] == f"{sum(amount for amount, _ in expected.values()):.2f}"
    assert (whole["cost"]["complete"], whole["cost"]["margin"]) == (False, None)
    days = {
        day: place
        for page in pages_of(ready, "daily")
        for day, *place in zip(page["day"], page["cost"], page["unknown_costs"], strict=True)
    }
    stored = sql(
        "select day::text, round(cost, 2)::text, unknown_costs from rollup.platform_daily where day < '2026-03-10'"
    )
    assert days == {day: [amount, unknown] for day, amount, unknown in stored}


def test_growth_from_nothing_is_not_known(ready: Installation, sql: Sql) -> None:
    """Trap 19."""
    sql.tenant()
    sql.request("2026-03-10T10:00:00Z")
    sql.usage("2026-03-09T10:00:00Z")
    run(ready, NOW)
    periods = summary_of(ready)["periods"]
    assert {(period["usage_growth_pct"], period["tokens_growth_pct"]) for period in periods.values()} == {
        (None, None), (None, -100.0),
    }  # fmt: skip
    assert [period["active_tenants_before"] for period in periods.values()] == [1, 0, 0, 0]


def test_ties_among_the_first_twenty_are_broken_by_tokens_then_id(ready: Installation, sql: Sql) -> None:
    """Trap 19: twenty-five tenants with one request each; one has more tokens, one more requests."""
    for number in range(25):
        sql.tenant(f"t{number:02}")
        sql.request("2026-03-09T10:00:00Z", f"t{number:02}")
    sql.usage("2026-03-09T10:00:00Z", "t24", amount=1)
    sql.request("2026-03-09T10:00:00Z", "t23")
    run(ready, NOW)
    expected = ["t23", "t24", *(f"t{number:02}" for number in range(18))]
    for period in summary_of(ready)["periods"].values():
        assert [each["tenant_id"] for each in period["top_tenants"]] == (expected if period["daily"] else [])
    [page] = pages_of(ready, "tenants")
    assert page["tenant_id"] == [*expected, *(f"t{number:02}" for number in range(18, 23))]
    assert page["rank"] == list(range(1, 26))


def test_a_platform_without_anything(ready: Installation) -> None:
    run(ready, NOW)
    found = summary_of(ready)
    assert found["pages"] == {"daily": [], "mrr": [], "tenants": []}
    for period in found["periods"].values():
        assert (period["requests"], period["ai_tokens"], period["active_tenants"]) == (0, 0, 0)
        assert period["cost"] == {
            "total": "0.00", "complete": True, "revenue": "0.00", "revenue_complete": True, "margin": "0.00", "margin_pct": None,
        }  # fmt: skip
        assert (period["mrr"]["total"], period["mrr"]["arpa"], period["mrr"]["by_plan"]) == ("0.00", None, [])
        assert [period["mrr"][name] for name in ("nrr_pct", "grr_pct", "quick_ratio")] == [None] * 3
        assert period["top_tenants"] == []
    assert found["health"]["unknown_costs"] == {"tenants": 0, "items": [], "more_items": 0}


def test_rates_of_revenue_by_hand(ready: Installation, sql: Sql) -> None:
    """1,000 at the opening: +300 expansion, −100 contraction, −200 churn; new 500 and a return of 50 are in no retention."""
    before = "2026-02-01T09:00Z"
    for tenant, amount in (("grows", 300), ("shrinks", 500), ("leaves", 200)):
        ended = "2026-03-05T09:00Z"
        subscription(sql, tenant_id=tenant, monthly_amount=amount, started_at=before, ended_at=ended)
    subscription(sql, tenant_id="grows", monthly_amount=600, started_at="2026-03-05T09:00Z")
    subscription(sql, tenant_id="shrinks", monthly_amount=400, started_at="2026-03-05T09:00Z")
    subscription(sql, tenant_id="comes", monthly_amount=500, started_at="2026-03-06T09:00Z")
    subscription(sql, tenant_id="back", monthly_amount=50, started_at="2026-01-01T09:00Z", ended_at="2026-01-15T09:00Z")
    subscription(sql, tenant_id="back", monthly_amount=50, started_at="2026-03-07T09:00Z")
    run(ready, NOW)
    found = summary_of(ready)["periods"]["7d"]["mrr"]
    assert (found["opening"], found["total"], found["arpa"]) == ("1000.00", "1550.00", "387.50")
    assert found["movements"] == {
        "new": "500.00", "expansion": "300.00", "contraction": "-100.00", "churn": "-200.00",
        "reactivation": "50.00", "fx_impact": "0.00",
    }  # fmt: skip
    assert (found["nrr_pct"], found["grr_pct"], found["quick_ratio"]) == (100.0, 70.0, 2.83)


# What is not known


def test_operators_see_what_has_no_price(ready: Installation, sql: Sql) -> None:
    """Trap 11: never zero, never complete, no margin, and the list says which item, why, and since when."""
    some_days(sql, "t1", "t2")
    price(sql, item="api_calls", amount=450)
    price(sql, item="ai_tokens_usd", currency="USD")
    sql.usage("2026-03-04T10:00:00Z", "t2", quota_type="ai_tokens_usd")
    run(ready, NOW)
    found = summary_of(ready)
    assert found["health"]["unknown_costs"] == {
        "tenants": 2,
        "items": [
            {
                "item": "ai_tokens_m-1", "reason": "no_price", "tenants": 2, "days": 9,
                "first_day": "2026-03-01", "last_day": "2026-03-09",
            },
            {
                "item": "ai_tokens_usd", "reason": "no_rate", "tenants": 1, "days": 1,
                "first_day": "2026-03-04", "last_day": "2026-03-04",
            },
        ],
        "more_items": 0,
    }  # fmt: skip
    week = found["periods"]["7d"]
    assert week["cost"] == {
        "total": "6.30",
        "complete": False,
        "revenue": "0.00",
        "revenue_complete": True,
        "margin": None,
        "margin_pct": None,
    }
    assert [each["cost_complete"] for each in week["top_tenants"]] == [False, False]
    assert {each["margin"] for each in week["top_tenants"]} == {None}
    sql("delete from prices")
    roll(ready, NOW + 3 * DAY)
    sql("delete from api_requests")
    run(ready, NOW + 4 * DAY)
    week = summary_of(ready)["periods"]["7d"]
    assert (week["cost"]["total"], set(week["daily"]["cost"])) == (None, {None, "0.00"})


def test_a_subscription_without_an_amount_or_a_rate_is_not_worth_nothing(ready: Installation, sql: Sql) -> None:
    """Of `some` only a part is known, of `none` nothing, of `late` nothing before its rate; `whole` has all."""
    some_days(sql, "late", "none", "some", "whole")
    price(sql, item="api_calls", amount=450)
    price(sql)
    rate(sql, "2026-03-08", 1000, base="EUR")
    for tenant, amount, currency in (
        ("some", 3650, "NGN"), ("some", 10, "USD"), ("none", None, "NGN"), ("late", 3.65, "EUR"), ("whole", 3650, "NGN"),
    ):  # fmt: skip
        subscription(sql, tenant_id=tenant, monthly_amount=amount, currency=currency)
    run(ready, NOW)
    week = summary_of(ready)["periods"]["7d"]
    fields = ("tenant_id", "mrr", "revenue", "revenue_complete", "margin")
    assert [tuple(each[name] for name in fields) for each in week["top_tenants"]] == [
        ("late", "3650.00", "240.00", False, None),
        ("none", None, None, False, None),
        ("some", "3650.00", "840.00", False, None),
        ("whole", "3650.00", "840.00", True, "626.85"),
    ]
    assert (week["mrr"]["total"], week["mrr"]["unpriced"]) == ("10950.00", 2)
    fields = ("complete", "revenue", "revenue_complete", "margin", "margin_pct")
    assert [week["cost"][name] for name in fields] == [True, "1920.00", False, None, None]
    sql("update subscriptions set ended_at = '2026-03-02Z' where monthly_amount is null or currency <> 'NGN'")
    run(ready, NOW)
    week = summary_of(ready)["periods"]["7d"]
    assert {each["revenue_complete"] for each in [week["cost"], *week["top_tenants"]]} == {True}
    [page] = pages_of(ready, "tenants")
    assert page["revenue_complete"] == [False, False, False, True]


def test_health_counts_rejected_rows_repairs_and_names_the_stale(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.tenant("lost", timezone="Mars/Olympus")
    sql.usage("2026-03-10T10:00:00Z", amount=-1)
    sql.usage("2026-03-06T10:00:00Z", amount=-1)
    sql.request("infinity")
    report = '{"found": {"differing": {"api_hourly": 3, "api_daily": 1}}, "repair": {}}'
    for as_of, verb, written in (
        ("2026-03-10T11:59:59Z", "reconcile", report),
        ("2026-03-09T11:59:59Z", "backfill", report.replace('"repair": {}', '"x": 1')),
        ("2026-03-10T11:00:00Z", "reconcile", report.replace("{}", "null")),  # only looked
    ):
        sql(
            "insert into pipeline.runs (verb, as_of, state, report) values (%s, %s, 'done', %s::jsonb)",
            verb, as_of, written,
        )  # fmt: skip
    stale = run(ready, NOW).status.stale
    health = summary_of(ready)["health"]
    row = {"source": "usage_records", "reason": "amount_negative", "rows": 1}
    assert health["rejected"]["24h"] == [row]
    assert health["rejected"]["7d"] == [row]
    assert [each["source"] for each in health["rejected"]["no_hour"]] == ["api_requests"]
    assert health["repaired"]["24h"] == {"runs": 1, "buckets": 4}
    assert health["repaired"]["30d"] == {"runs": 1, "buckets": 4}
    assert (health["stale"], health["stale_tenants"]) == ([public_name(tenant_key(ready.secret, "lost"))], 1)
    assert stale == health["stale"] == document(ready, "v1/status.json")["stale"]
    assert (health["data_through"], health["lag_hours"]) == ("2026-03-10T12:00:00Z", 0)
