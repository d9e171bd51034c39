"""Quotas: their periods, status and projection, exact to the edge; and what brings a change of them into the files.

The golden cases `quota_…` have the arithmetic.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.doctor.examination import examine
from pipeline.documents.budget import DASHBOARD_BYTES
from pipeline.documents.numbers import instant, percent_down
from pipeline.documents.quotas import LISTED_QUOTAS, next_quota_change, projected_exhaustion, quota_status, status
from pipeline.documents.rows import Quota
from pipeline.installation import Installation
from pipeline.publish.publisher import publish
from pipeline.reconcile.files import compare_files
from pipeline.rollups.tick import roll
from pipeline.run import run
from tests.conftest import NOW, Sql, dashboard_of, published
from tests.test_budget import LATIN, job_of, opened, shaped, word, worst

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
THROUGH = datetime(2026, 3, 10, 12, tzinfo=UTC)
# 168 in a week is one an hour: 10 left are used up in 10 hours.
STEADY = Quota(
    quota_type="emails",
    period="month",
    limit=Decimal(100),
    used=Decimal(90),
    period_start=datetime(2026, 2, 28, 23, tzinfo=UTC),
    resets_at=datetime(2026, 3, 31, 23, tzinfo=UTC),
    pace=Decimal(168),
    pace_hours=168,
    paced_from=THROUGH - 2 * HOUR,
)


# Periods


@pytest.mark.parametrize(
    ("day", "anchor", "first", "following"),
    [
        ("2026-03-10", 1, "2026-03-01", "2026-04-01"),
        ("2026-03-01", 1, "2026-03-01", "2026-04-01"),
        ("2026-03-31", 1, "2026-03-01", "2026-04-01"),
        ("2026-03-10", 10, "2026-03-10", "2026-04-10"),
        ("2026-03-09", 10, "2026-02-10", "2026-03-10"),
        ("2026-01-05", 10, "2025-12-10", "2026-01-10"),
        ("2025-12-31", 31, "2025-12-31", "2026-01-31"),
        ("2026-02-27", 31, "2026-01-31", "2026-02-28"),
        ("2026-02-28", 31, "2026-02-28", "2026-03-31"),
        ("2026-03-30", 31, "2026-02-28", "2026-03-31"),
        ("2026-03-31", 31, "2026-03-31", "2026-04-30"),
        ("2026-04-30", 31, "2026-04-30", "2026-05-31"),
        ("2024-02-28", 29, "2024-01-29", "2024-02-29"),
        ("2024-02-29", 29, "2024-02-29", "2024-03-29"),
        ("2025-02-28", 29, "2025-02-28", "2025-03-29"),
        ("2100-02-28", 30, "2100-02-28", "2100-03-30"),
    ],
)
def test_a_month_begins_on_its_anchor_or_on_its_last_day(
    sql: Sql, day: str, anchor: int, first: str, following: str
) -> None:
    found = sql("select first_day::text, next_day::text from pipeline.quota_period(%s, 'month', %s)", day, anchor)
    assert found == [(first, following)]
    assert sql("select first_day::text from pipeline.quota_period(%s, 'day', %s)", day, anchor) == [(day,)]


def test_periods_follow_on_each_other_without_a_gap(sql: Sql) -> None:
    days = "generate_series(timestamp '2023-12-01', timestamp '2025-03-31', interval '1 day') as d (at)"
    found = sql(
        f"""select d.at::date, a.anchor, p.first_day, p.next_day from {days}, generate_series(1, 31) as a (anchor),
        pipeline.quota_period(d.at::date, 'month', a.anchor) as p"""
    )
    for day, anchor, first, following in found:
        assert isinstance(day, date)
        assert isinstance(anchor, int)
        assert isinstance(first, date)
        assert isinstance(following, date)
        assert first <= day < following
        assert 28 <= (following - first).days <= 31
        for begins in (first, following):
            assert begins.day == anchor or (begins.day < anchor and (begins + DAY).day == 1)


# Status


@pytest.mark.parametrize(
    ("limit", "used", "judged", "percent"),
    [
        (None, "5", "unlimited", None),
        (None, "0", "unlimited", None),
        ("0", "0", "ok", None),
        ("0", "0.001", "over", None),
        ("100", "0", "ok", 0.0),
        ("100", "79.99999999999999999999999999999999", "ok", 79.99),
        ("100", "80", "near", 80.0),
        ("100", "99.99999999999999999999999999999999", "near", 99.99),
        ("100", "100", "over", 100.0),
        ("100", "250", "over", 250.0),
        ("0.3", "0.3", "over", 100.0),
        ("3", "1", "ok", 33.33),
        ("1000000000000000000000000000001", "800000000000000000000000000000", "ok", 79.99),
        ("1000000000000000000000000000000", "800000000000000000000000000000", "near", 80.0),
    ],
)
def test_status_is_judged_exactly_and_percents_are_rounded_down(
    limit: str | None, used: str, judged: str, percent: float | None
) -> None:
    quota = replace(STEADY, limit=None if limit is None else Decimal(limit), used=Decimal(used))
    (entry,) = quota_status([quota], through=THROUGH)
    assert (entry["status"], entry["used_pct"]) == (judged, percent)
    assert status(quota.limit, quota.used) == judged


def test_a_percent_past_what_a_float_holds_is_null() -> None:
    assert percent_down(Decimal("1e30"), Decimal("1e-300")) is None
    assert percent_down(Decimal("1e30"), Decimal("1e-3")) == 1e35


# Projection


def test_the_projection_names_the_hour_in_which_the_limit_is_reached() -> None:
    assert projected_exhaustion(STEADY, THROUGH) == THROUGH + 8 * HOUR
    assert projected_exhaustion(replace(STEADY, limit=Decimal("100.5")), THROUGH) == THROUGH + 8 * HOUR
    assert projected_exhaustion(replace(STEADY, limit=Decimal(101)), THROUGH) == THROUGH + 9 * HOUR
    assert projected_exhaustion(replace(STEADY, pace=Decimal(1), pace_hours=1), THROUGH) == THROUGH + 8 * HOUR


@pytest.mark.parametrize(
    "changed",
    [
        {"limit": None},
        {"limit": Decimal(0)},
        {"used": Decimal(100)},
        {"used": Decimal(101)},
        {"pace": Decimal(0)},
        {"pace": Decimal(0), "pace_hours": None},
        {"resets_at": THROUGH + 8 * HOUR},
        {"pace": Decimal("1e-30")},
        {"limit": Decimal("1e30"), "pace": Decimal("1e-30")},
    ],
)
def test_no_projection_where_it_makes_no_sense(changed: dict[str, Any]) -> None:
    assert projected_exhaustion(replace(STEADY, **changed), THROUGH) is None


def test_a_projection_stands_until_its_hour_is_over_and_is_withdrawn_then() -> None:
    """Whoever stops short of the limit keeps the hour that was named; a time that has passed is no projection."""
    at = THROUGH + 8 * HOUR
    for through in (THROUGH, THROUGH + HOUR, at):
        assert projected_exhaustion(STEADY, through) == at
        assert next_quota_change([STEADY], through) == at + HOUR
    assert projected_exhaustion(STEADY, at + HOUR) is None
    assert next_quota_change([STEADY], at + HOUR) == STEADY.resets_at
    assert next_quota_change([], THROUGH) is None


# What is used


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("zone", ["Africa/Lagos", "America/New_York"])
def test_used_is_the_sum_of_the_raw_rows_of_the_period(ready: Installation, sql: Sql, zone: str, seed: int) -> None:
    """Trap 15."""
    dice, local = random.Random(seed), ZoneInfo(zone)
    sql.tenant("t1", timezone=zone)
    anchors = {"api_calls": dice.randint(1, 31), "emails": dice.randint(1, 31)}
    for kind, anchor in anchors.items():
        sql("insert into quotas values ('t1', %s, 1e9, 'month', %s), ('t1', %s, 7, 'day', null)", kind, anchor, kind)
    rows: list[tuple[str, datetime, Decimal]] = []
    at = datetime(2026, 3, 9, 3, tzinfo=UTC)
    for through in (at, at + HOUR, at + 2 * HOUR, at + 20 * HOUR, at + 24 * DAY):
        for _ in range(25):
            back = dice.choice([timedelta(0), DAY, 40 * DAY]) * dice.random()
            moment = (through - back).replace(minute=0, second=0) if dice.random() < 0.4 else through - back
            kind, amount = dice.choice(list(anchors)), Decimal(dice.randrange(1, 10**6)) / 1000
            rows.append((kind, moment, Decimal(1) if kind == "api_calls" else amount))
            if kind == "api_calls":
                sql.request(moment.isoformat())
            else:
                sql.usage(moment.isoformat(), quota_type=kind, amount=amount)
        run(ready, through)
        for entry in dashboard_of(ready)["quota_status"]:
            start = datetime.fromisoformat(entry["period_start"])
            resets = datetime.fromisoformat(entry["resets_at"])
            assert start <= through < resets
            assert start.astimezone(local).hour == resets.astimezone(local).hour == 0
            inside = [
                amount for kind, moment, amount in rows if kind == entry["quota_type"] and start <= moment < through
            ]
            assert entry["used"] == float(sum(inside, Decimal(0)))
    assert compare_files(ready).total == 0


def test_pace_of_a_week_counts_from_the_first_day_unless_it_was_used_before(ready: Installation, sql: Sql) -> None:
    for tenant in ("fresh", "weekly"):
        sql.tenant(tenant, timezone="UTC")
        sql("insert into quotas values (%s, 'emails', 100, 'month', null)", tenant)
        sql.usage("2026-03-08T10:00:00Z", tenant, quota_type="emails", amount=20)
    sql.usage("2026-03-01T10:00:00Z", "weekly", quota_type="emails", amount=20)
    run(ready, NOW)
    # Since 8 March 00:00, two days: 80 left x 48 / 20 = 192 hours after today's midnight.
    assert only(ready, "fresh")["projected_exhaustion_at"] == "2026-03-18T00:00:00Z"
    # A week: 60 left x 168 / 20 = 504 hours.
    assert only(ready, "weekly")["projected_exhaustion_at"] == "2026-03-31T00:00:00Z"


def only(installation: Installation, tenant: str = "t1") -> dict[str, Any]:
    """The one quota that a tenant's dashboard lists."""
    (entry,) = dashboard_of(installation, tenant)["quota_status"]
    assert isinstance(entry, dict)
    return entry


# What reaches the files, and when


def test_a_change_of_a_quota_reaches_its_tenants_file_and_no_other(ready: Installation, sql: Sql) -> None:
    for tenant in ("t1", "t2"):
        sql.tenant(tenant)
        sql.request("2026-03-10T10:00:00Z", tenant)
        sql("insert into quotas values (%s, 'api_calls', 10, 'month', null)", tenant)
    run(ready, NOW)
    assert only(ready)["limit"] == 10
    for change, expected in (
        ("update quotas set limit_amount = 20 where tenant_id = 't1'", [("api_calls", 20, "2026-02-28T23:00:00Z")]),
        ("update quotas set limit_amount = null where tenant_id = 't1'", [("api_calls", None, "2026-02-28T23:00:00Z")]),
        ("update quotas set anchor_day = 10 where tenant_id = 't1'", [("api_calls", None, "2026-03-09T23:00:00Z")]),
        ("update quotas set quota_type = 'emails' where tenant_id = 't1'", [("emails", None, "2026-03-09T23:00:00Z")]),
        ("delete from quotas where tenant_id = 't1'", []),
    ):
        before = published(ready)
        sql(change)
        assert only(ready, "t2")["limit"] == 10
        run(ready, NOW)
        found = dashboard_of(ready)["quota_status"]
        assert [(each["quota_type"], each["limit"], each["period_start"]) for each in found] == expected
        assert len(written(ready, before)) == 1
    before = published(ready)
    run(ready, NOW)
    assert written(ready, before) == set()


def written(installation: Installation, before: dict[str, bytes]) -> set[str]:
    """The tenants' files that changed since."""
    files = published(installation).items()
    return {path for path, content in files if path.startswith("v1/t/") and before.get(path) != content}


def test_files_say_what_the_tick_saw_until_the_next_one(ready: Installation, sql: Sql) -> None:
    """A quota that changes between tick and comparison is not due yet: it is no difference."""
    sql.tenant()
    sql("insert into quotas values ('t1', 'api_calls', 10, 'month', null)")
    run(ready, NOW)
    sql("update quotas set limit_amount = 20")
    assert compare_files(ready).total == 0
    run(ready, NOW)
    assert only(ready)["limit"] == 20


def test_files_of_an_earlier_hour_say_what_was_used_until_then(ready: Installation, sql: Sql) -> None:
    """Rollups can stand past the hour that is published."""
    sql.tenant()
    sql("insert into quotas values ('t1', 'api_calls', 10, 'day', null), ('t1', 'ai_tokens_m-1', 10000, 'day', null)")
    for hour in (8, 9, 10, 11):
        sql.request(f"2026-03-10T{hour:02}:30Z")
        sql.usage(f"2026-03-10T{hour:02}:30Z")
    roll(ready, NOW)
    publish(ready, NOW - timedelta(hours=2))
    assert [each["used"] for each in dashboard_of(ready)["quota_status"]] == [2000, 2]


def test_a_quota_resets_without_any_row(ready: Installation, sql: Sql) -> None:
    """Trap 15."""
    sql.tenant()
    sql("insert into quotas values ('t1', 'api_calls', 10, 'day', null), ('t1', 'emails', 10, 'month', 15)")
    run(ready, NOW)
    starts = []
    for hours in range(0, 6 * 24, 3):
        before = published(ready)
        run(ready, NOW + hours * HOUR)
        found = dashboard_of(ready)["quota_status"]
        assert all(each["period_start"] <= instant(NOW + hours * HOUR) < each["resets_at"] for each in found)
        starts += [(each["quota_type"], each["period_start"]) for each in found] if written(ready, before) else []
    midnights = [f"2026-03-{day}T23:00:00Z" for day in range(10, 16)]
    assert [start for kind, start in starts if kind == "api_calls"] == midnights
    assert [start for kind, start in starts if kind == "emails"] == ["2026-02-14T23:00:00Z"] * 4 + [
        "2026-03-14T23:00:00Z"
    ] * 2


def test_a_silent_tenants_quotas_do_not_write_its_file_every_hour(ready: Installation, sql: Sql) -> None:
    """Its file is written at its midnight, when its pace is another one, and when a projected hour has passed."""
    sql.tenant("t1", timezone="UTC")
    sql("insert into quotas values ('t1', 'emails', 41, 'month', null), ('t1', 'emails', 41, 'day', null)")
    for day in ("05", "06"):
        sql.usage(f"2026-03-{day}T10:00:00Z", quota_type="emails", amount=20)
    run(ready, datetime(2026, 3, 10, tzinfo=UTC))
    wrote = []
    for hours in range(1, 49):
        before = published(ready)
        at = datetime(2026, 3, 10, tzinfo=UTC) + hours * HOUR
        run(ready, at)
        if written(ready, before):
            wrote.append((at.day, at.hour))
        assert compare_files(ready).total == 0
    # 10 March: 40 in 5 days, 1 left: 3 hours, named as 03:00 and withdrawn at 04:00. 11 March: 40 in 6 days, 3.6 hours.
    assert wrote == [(10, 4), (11, 0), (11, 4), (12, 0)]


def test_a_tenant_with_quotas_and_nothing_else(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql("insert into quotas values ('t1', 'ai_tokens_m-1', 10, 'month', null)")
    run(ready, NOW)
    assert only(ready) == {
        "quota_type": "ai_tokens_m-1",
        "used": 0,
        "limit": 10,
        "used_pct": 0.0,
        "period": "month",
        "period_start": "2026-02-28T23:00:00Z",
        "resets_at": "2026-03-31T23:00:00Z",
        "status": "ok",
        "projected_exhaustion_at": None,
    }


def test_quotas_of_a_tenant_that_comes_later_are_there_when_it_is(ready: Installation, sql: Sql) -> None:
    sql("insert into quotas values ('t1', 'api_calls', 10, 'month', null)")
    run(ready, NOW)
    sql.tenant()
    run(ready, NOW)
    assert only(ready)["limit"] == 10


def test_a_tenant_that_changes_its_zone_has_other_periods(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql("insert into quotas values ('t1', 'api_calls', 10, 'month', null)")
    sql.request("2026-02-28T23:30:00Z")
    run(ready, NOW)
    assert (only(ready)["period_start"], only(ready)["used"]) == ("2026-02-28T23:00:00Z", 1)
    sql("update tenants set timezone = 'America/New_York'")
    run(ready, NOW)
    assert (only(ready)["period_start"], only(ready)["used"]) == ("2026-03-01T05:00:00Z", 0)


# What cannot be used

UNUSABLE = {
    "tenant_missing": "(null, 'a', 1, 'day', null)",
    "quota_type_missing": "('t1', null, 1, 'day', null)",
    "quota_type_too_long": "('t1', repeat('x', 301), 1, 'day', null)",
    "period_unknown": "('t1', 'b', 1, 'week', null), ('t1', 'c', 1, null, null), ('t1', 'd', 1, 'Day', null)",
    "stated_twice": "('t1', 'e', 1, 'day', null), ('t1', 'e', 2, 'day', null)",
    "limit_negative": "('t1', 'f', -1, 'day', null), ('t1', 'g', '-Infinity', 'day', null)",
    "limit_too_large": "('t1', 'h', 'NaN', 'day', null), ('t1', 'i', 'Infinity', 'day', null)",
    "anchor_day_unusable": "('t1', 'j', 1, 'month', 0), ('t1', 'k', 1, 'month', 32), ('t1', 'l', 1, 'month', 1.5)",
    "tenant_unknown": "('t9', 'm', 1, 'day', null)",
}


def test_quotas_that_cannot_be_used_are_not_shown_and_are_named(ready: Installation, sql: Sql) -> None:
    sql("alter table quotas alter anchor_day type numeric")
    sql.tenant()
    sql("insert into quotas values ('t1', 'api_calls', 10, 'day', 99)")
    run(ready, NOW)
    assert [each for each in examine(ready, NOW).findings if each.name == "quotas"] == []
    for rows in UNUSABLE.values():
        sql(f"insert into quotas values {rows}")
    run(ready, NOW)
    assert only(ready)["quota_type"] == "api_calls"
    findings = [each for each in examine(ready, NOW).findings if each.name == "quotas"]
    assert {each.what.split(", ")[1].split(":")[0]: each.severity for each in findings} == {
        problem: "note" if problem == "tenant_unknown" else "warning" for problem in UNUSABLE
    }
    told = {each.what.split(", ")[1].split(":")[0]: each for each in findings}
    assert told["period_unknown"].what == "quotas, period_unknown: 3 quotas (t1 b a week, t1 c a, t1 d a Day)"
    assert told["period_unknown"].fix == "Set period to day or month."


# The list


def test_no_more_than_twenty_are_listed_in_one_order(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    kinds = [f"kind_{number:02}" for number in range(15)]
    for kind in reversed(kinds):
        sql("insert into quotas values ('t1', %s, 1, 'month', null), ('t1', %s, 1, 'day', null)", kind, kind)
    run(ready, NOW)
    found = dashboard_of(ready)
    listed = [(each["quota_type"], each["period"]) for each in found["quota_status"]]
    assert listed == [(kind, period) for kind in kinds for period in ("day", "month")][:20]
    assert found["other_quotas"] == 10


@pytest.mark.parametrize("length", [10, 300])
def test_long_names_shorten_the_list_and_are_counted(length: int) -> None:
    dice = random.Random(length)
    names = sorted(word(dice, LATIN, length) for _ in range(LISTED_QUOTAS))
    quotas = [replace(STEADY, quota_type=name, used=Decimal(dice.randrange(10**9))) for name in names]
    tenant = replace(worst(dice, LATIN), quotas=quotas, all_quotas=25)
    changes = shaped(job_of(tenant, pages=100))
    assert changes.dashboard is not None
    assert len(changes.dashboard.content) <= DASHBOARD_BYTES
    found = opened(changes.dashboard)
    assert len(found["quota_status"]) + found["other_quotas"] == 25
    assert [each["quota_type"] for each in found["quota_status"]] == names[: len(found["quota_status"])]
