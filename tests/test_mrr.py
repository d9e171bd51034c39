"""MRR: dates and statuses, versions, what a tick redoes, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from pipeline.errors import PermanentError
from pipeline.installation import Installation
from pipeline.mrr.definition import DEFINITIONS
from pipeline.rollups.tick import roll
from pipeline.settings import MRR_DEFINITIONS
from pipeline.sources.load import load_files
from tests.conftest import NOW, SHARED_DATA, Sql, address_of, installation_on

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOVED = "select tenant_id, day::text, movement, amount from rollup.mrr_movements order by 1, 2, 3"


def subscription(sql: Sql, **more: object) -> None:
    """Add a subscription: 100 a month, active since 1 March, unless told otherwise."""
    given = {
        "tenant_id": "t1",
        "plan": "pro",
        "status": "active",
        "monthly_amount": 100,
        "started_at": "2026-03-01T09:00Z",
        **more,
    }
    columns = ", ".join(given)
    sql(f"insert into subscriptions ({columns}) values ({', '.join(['%s'] * len(given))})", *given.values())


def rate(sql: Sql, day: str, amount: object, base: str = "USD") -> None:
    sql("insert into fx_rates values (%s, 'NGN', %s, %s, 'cbn')", base, amount, day)


def by_definition(installation: Installation, tmp_path: Path, definition: str) -> Installation:
    return installation_on(address_of(installation), tmp_path, TENANTCAST_MRR_DEFINITION=definition)


def days_with(sql: Sql, tenant: str) -> list[object]:
    """The day on which a tenant's MRR begins, and the one on which it ends."""
    return [
        row[0] for row in sql("select day::text from rollup.mrr_movements where tenant_id = %s order by day", tenant)
    ]


def touched(sql: Sql, table: str) -> int:
    """How many rows the newest transaction that wrote to a table wrote."""
    return int(
        str(sql.one(f"select count(*) from {table} where xmin = (select xmin from {table} order by age(xmin) limit 1)"))
    )


def test_every_setting_has_its_definition() -> None:
    assert tuple(DEFINITIONS) == MRR_DEFINITIONS
    assert [each.name for each in DEFINITIONS.values()] == ["default-1", "chartmogul-1"]


def test_open_ended_rows_do_not_end(ready: Installation, sql: Sql) -> None:
    """Trap 17."""
    subscription(sql)
    roll(ready, NOW)
    roll(ready, NOW + 30 * DAY)
    assert sql(MOVED) == [("t1", "2026-03-01", "new", 100)]
    assert sql.one("select count(*) from rollup.mrr_daily where mrr = 100") == 40


def test_the_last_hour_of_a_day_belongs_to_it(ready: Installation, sql: Sql) -> None:
    midnight = NOW.replace(hour=23, minute=0)
    subscription(sql, started_at=midnight)
    roll(ready, midnight)
    assert sql("select * from rollup.mrr_daily") == []
    assert str(sql.one("select day_through from pipeline.mrr_progress")) == "2026-03-10"
    roll(ready, midnight + HOUR)
    assert days_with(sql, "t1") == ["2026-03-11"]


def test_a_start_later_today_does_not_count_yet(ready: Installation, sql: Sql) -> None:
    subscription(sql, started_at="2026-03-10T15:30Z")
    subscription(sql, tenant_id="t2", ended_at="2026-03-10T15:30Z")
    roll(ready, NOW)
    assert days_with(sql, "t1") == []
    assert days_with(sql, "t2") == ["2026-03-01"]
    roll(ready, NOW + 4 * HOUR)
    assert days_with(sql, "t1") == ["2026-03-10"]
    assert days_with(sql, "t2") == ["2026-03-01", "2026-03-10"]


# status, started, ended, trial ends: (days on which MRR begins and ends by default, by chartmogul)
CASES = {
    "both_dates": (("canceled", "2026-03-02", "2026-03-06", None), ["02", "06"], ["02", "06"]),
    "trial_inside": (("canceled", "2026-03-02", "2026-03-06", "2026-03-04"), ["02", "06"], ["04", "06"]),
    "only_a_trial": (("canceled", "2026-03-02", "2026-03-06", "2026-03-06"), ["02", "06"], []),
    "in_trial": (("trialing", "2026-03-02", None, "2026-03-20"), [], []),
    "endless_trial": (("trialing", "2026-03-02", None, None), [], []),
    "endless_trial_with_an_end": (("trialing", "2026-03-02", "2026-03-06", None), ["02", "06"], []),
    "trial_is_over": (("active", "2026-03-02", None, "2026-03-05"), ["02"], ["05"]),
    "past_due": (("Past_Due", "2026-03-02", None, None), ["02", "10"], ["02"]),
    "canceled_without_an_end": (("canceled", "2026-03-02", None, None), ["02", "10"], ["02", "10"]),
    "no_dates": (("active", None, None, None), ["10"], ["10"]),
    "no_dates_canceled": (("canceled", None, None, None), [], []),
    "ends_before_it_starts": (("active", "2026-03-06", "2026-03-02", None), [], []),
    "start_at_infinity": (("active", "infinity", None, None), [], []),
    "end_at_infinity": (("canceled", "2026-03-02", "infinity", None), ["02"], ["02"]),
    "start_in_another_age": (("active", "0044-03-15 BC", None, None), ["10"], ["10"]),
    "start_before_all_time": (("active", "-infinity", None, None), ["10"], ["10"]),
}


@pytest.mark.parametrize("definition", MRR_DEFINITIONS)
def test_dates_decide_the_past_and_status_the_open_end(
    ready: Installation, sql: Sql, tmp_path: Path, definition: str
) -> None:
    for tenant, ((status, *dates), *_) in CASES.items():
        started, ended, trial = (day and (day if "inf" in day or "BC" in day else f"{day}T09:00Z") for day in dates)
        subscription(sql, tenant_id=tenant, status=status, started_at=started, ended_at=ended, trial_ends_at=trial)
    roll(by_definition(ready, tmp_path, definition), NOW)
    place = 1 + MRR_DEFINITIONS.index(definition)
    found = {tenant: days_with(sql, tenant) for tenant in CASES}
    assert found == {tenant: [f"2026-03-{day}" for day in case[place]] for tenant, case in CASES.items()}


def test_another_definition_redoes_all_days_and_the_old_one_again(
    ready: Installation, sql: Sql, tmp_path: Path
) -> None:
    subscription(sql, trial_ends_at="2026-03-05T09:00Z")
    roll(ready, NOW)
    before = sql(MOVED)
    roll(by_definition(ready, tmp_path, "chartmogul"), NOW + HOUR)
    assert days_with(sql, "t1") == ["2026-03-05"]
    assert sql.one("select definition from pipeline.mrr_progress") == "chartmogul-1"
    roll(ready, NOW + 2 * HOUR)
    assert sql(MOVED) == before


def test_rows_that_cannot_be_followed_do_no_harm(ready: Installation, sql: Sql) -> None:
    sql("alter table subscriptions drop constraint subscriptions_pkey, alter id drop identity")
    sql("alter table subscriptions alter id drop not null")
    subscription(sql, id=None)
    subscription(sql, id=1, tenant_id=None)
    subscription(sql, id=2)
    subscription(sql, id=2, started_at="2026-03-05T09:00Z", monthly_amount=70)
    subscription(sql, id=3, plan=None, status=None)
    subscription(sql, id=4, plan="p" * 5000, monthly_amount="NaN", tenant_id="t2")
    subscription(sql, id=5, monthly_amount=None, amount="Infinity", billing_interval="year", tenant_id="t3")
    roll(ready, NOW)
    assert sql("select subscription_id, monthly, problem from pipeline.subscription_versions order by 1") == [
        ("2", 70, None),
        ("3", 100, None),
        ("4", None, "unusable_amount"),
        ("5", None, "unusable_amount"),
    ]
    assert sql(
        "select plan, subscriptions, mrr, unpriced from rollup.mrr_daily where day = '2026-03-10' order by plan"
    ) == [
        ("(none)", 0, 0, 0),
        ("p" * 300, 1, None, 1),
        ("pro", 2, 70, 1),
    ]


def test_what_is_gone_stops_today_and_can_come_back(ready: Installation, sql: Sql) -> None:
    subscription(sql, id=1)
    subscription(sql, id=2, tenant_id="t2")
    roll(ready, NOW)
    sql("delete from subscriptions where id = 1")
    roll(ready, NOW + DAY)
    assert sql(MOVED)[:2] == [("t1", "2026-03-01", "new", 100), ("t1", "2026-03-11", "churn", -100)]
    subscription(sql, id=1)
    roll(ready, NOW + DAY + HOUR)
    assert days_with(sql, "t1") == ["2026-03-01"]
    sql("truncate subscriptions")
    roll(ready, NOW + 2 * DAY)
    assert sql.one("select sum(mrr) from rollup.mrr_daily where day = '2026-03-12'") == 0
    subscription(sql, id=1)
    roll(ready, NOW + 4 * DAY)
    assert sql(MOVED)[-2:] == [("t2", "2026-03-01", "new", 100), ("t2", "2026-03-12", "churn", -100)]
    assert sql(MOVED)[2] == ("t1", "2026-03-14", "reactivation", 100)


def test_the_past_of_one_subscription_is_told_anew_where_it_is_forgotten(ready: Installation, sql: Sql) -> None:
    subscription(sql, id=1, monthly_amount=None)
    subscription(sql, id=2, tenant_id="t2")
    roll(ready, NOW)
    sql("update subscriptions set monthly_amount = 70")
    roll(ready, NOW + DAY)
    assert days_with(sql, "t1") == ["2026-03-11"]
    sql("delete from pipeline.subscription_versions where subscription_id = '1'")
    roll(ready, NOW + DAY)
    assert sql(MOVED) == [
        ("t1", "2026-03-01", "new", 70),
        ("t2", "2026-03-01", "new", 100),
        ("t2", "2026-03-11", "contraction", -30),
    ]


@pytest.mark.parametrize(("zone", "first", "last"), [("Pacific/Auckland", 2, 11), ("Pacific/Honolulu", 1, 10)])
def test_another_zone_redoes_all_days(  # noqa: PLR0917
    ready: Installation, sql: Sql, tmp_path: Path, zone: str, first: int, last: int
) -> None:
    """The 10th at 23:30 in Lagos is the 11th in Auckland; in Honolulu it is not over, and the 11th has not begun."""
    subscription(sql, started_at="2026-03-01T20:00Z")
    late = NOW.replace(hour=22)
    roll(ready, late + HOUR * 2)
    assert sql.one("select max(day)::text from rollup.mrr_daily") == "2026-03-11"
    sql("update subscriptions set monthly_amount = 150")
    elsewhere = installation_on(address_of(ready), tmp_path, TENANTCAST_TIMEZONE=zone)
    roll(elsewhere, late + HOUR * 3)
    assert days_with(sql, "t1")[0] == f"2026-03-{first:02}"
    assert sql("select min(day)::text, max(day)::text from rollup.mrr_daily") == [
        (f"2026-03-{first:02}", f"2026-03-{last}")
    ]
    assert sql("select min(day)::text, max(day)::text from rollup.platform_daily") == [
        (f"2026-03-{first:02}", f"2026-03-{last}")
    ]
    roll(ready, late + HOUR * 4)
    assert days_with(sql, "t1")[0] == "2026-03-01"


def test_a_tick_writes_only_what_differs(ready: Installation, sql: Sql) -> None:
    for number in range(1, 6):
        subscription(sql, id=number, tenant_id=f"t{number}", plan=f"plan{number}")
    roll(ready, NOW)
    report = roll(ready, NOW + HOUR)
    assert (report.mrr_days_changed, report.platform_days) == (0, 0)
    sql("update subscriptions set monthly_amount = 150 where id = 3")
    report = roll(ready, NOW + 2 * DAY)
    assert (report.subscriptions_changed, report.mrr_days_changed) == (1, 2)
    assert report.platform_days == 2
    assert sql("select day::text, mrr from rollup.platform_daily where day >= '2026-03-10' order by day") == [
        ("2026-03-10", 500),
        ("2026-03-11", 500),
        ("2026-03-12", 550),
    ]
    sql("update subscriptions set monthly_amount = 160 where id = 3")
    assert roll(ready, NOW + 2 * DAY + HOUR).mrr_days_changed == 1
    assert touched(sql, "rollup.mrr_daily") == 1
    assert touched(sql, "rollup.mrr_movements") == 1


def test_a_rate_reaches_open_days_only(ready: Installation, sql: Sql) -> None:
    subscription(sql, monthly_amount=10, currency="USD")
    rate(sql, "2026-02-27", 1500)
    roll(ready, NOW)
    sql("update fx_rates set rate = 1600")
    assert roll(ready, NOW + HOUR).mrr_days_changed == 3
    assert sql(MOVED) == [("t1", "2026-03-01", "new", 15000), ("t1", "2026-03-08", "fx_impact", 1000)]
    sql("insert into fx_rates values ('GHS', 'NGN', 100, '2026-03-09', 'cbn')")
    assert roll(ready, NOW + 2 * HOUR).mrr_days_changed == 0


def test_days_priced_anew_take_the_rates_of_now(ready: Installation, sql: Sql) -> None:
    subscription(sql, monthly_amount=10, currency="USD")
    roll(ready, NOW)
    assert sql.one("select unpriced from rollup.mrr_daily where day = '2026-03-05'") == 1
    rate(sql, "2026-02-27", 1500)
    roll(ready, NOW + HOUR)
    assert days_with(sql, "t1") == ["2026-03-08"]
    sql(
        "insert into pipeline.repricings (first_day, last_day, book, reason)"
        " select '2026-03-01', '2026-03-07', max(book), 'rates were missing' from pipeline.books"
    )
    roll(ready, NOW + 2 * HOUR)
    assert sql(MOVED) == [("t1", "2026-03-01", "new", 15000)]


def test_a_day_that_does_not_add_up_is_refused_and_can_be_redone(ready: Installation, sql: Sql) -> None:
    subscription(sql)
    roll(ready, NOW)
    sql("update rollup.mrr_daily set mrr = 90 where day = '2026-03-09'")
    with pytest.raises(
        PermanentError, match=r"mrr_daily 2026-03-10: 90 .* the day has 100\.0000, a difference of 10\.0"
    ):
        roll(ready, NOW + HOUR)
    sql("delete from pipeline.mrr_progress")
    roll(ready, NOW + HOUR)
    assert sql.one("select mrr from rollup.mrr_daily where day = '2026-03-09'") == 100


def test_a_tenant_that_does_not_add_up_is_refused_and_can_be_redone(ready: Installation, sql: Sql) -> None:
    for tenant in ("t1", "t2"):
        subscription(sql, tenant_id=tenant, currency="USD")
    rate(sql, "2026-02-27", 1)
    roll(ready, NOW)
    sql("update rollup.mrr_movements set amount = case tenant_id when 't1' then 150 else 50 end")  # days still add up
    sql("update fx_rates set rate = 2")
    with pytest.raises(PermanentError, match=r"tenant t1 until 2026-03-10: they add up to 250\.0.* worth 200\.0"):
        roll(ready, NOW + HOUR)
    sql("delete from pipeline.mrr_progress")
    roll(ready, NOW + HOUR)
    assert [row[3] for row in sql(MOVED)] == [100, 100, 100, 100]


def test_no_float_is_on_the_way(ready: Installation, sql: Sql) -> None:
    found = sql(
        "select table_name, column_name from information_schema.columns"
        " where data_type in ('double precision', 'real') and table_name ~ '^(mrr_|subscription_versions)'"
    )
    assert found == []


@pytest.mark.shared
@pytest.mark.parametrize("definition", MRR_DEFINITIONS)
def test_ravenstack_adds_up_on_every_day(ready: Installation, sql: Sql, tmp_path: Path, definition: str) -> None:
    """Trap 17, 5,000 subscriptions with overlaps, trials worth nothing and open ends; an end date is the day's first moment."""
    raw = pd.read_csv(SHARED_DATA / "ravenstack_subscriptions.csv.gz", dtype=str)
    rows = pd.DataFrame(
        {
            "id": range(1, len(raw) + 1),
            "tenant_id": raw["account_id"],
            "plan": raw["plan_tier"],
            "status": raw["end_date"].isna().map({True: "active", False: "canceled"}),
            "monthly_amount": raw["mrr_amount"],
            "started_at": raw["start_date"] + "T00:00:00+01:00",
            "ended_at": (raw["end_date"] + "T00:00:00+01:00").fillna(""),
        }
    )
    path = tmp_path / "subscriptions.csv"
    rows.to_csv(path, index=False)
    (report,) = load_files(ready, [path], into="subscriptions")
    assert (report.rows, report.rejected) == (5000, ())
    as_of = pd.Timestamp("2025-01-02T12:30Z").to_pydatetime()
    roll(by_definition(ready, tmp_path, definition), as_of)
    compare_with_pandas(sql, raw)


def compare_with_pandas(sql: Sql, raw: pd.DataFrame) -> None:
    """Every day, the platform and each tenant, against sums over the file itself."""
    daily = dict(sql("select day::text, sum(mrr) from rollup.mrr_daily group by day order by day"))
    moved = dict(sql("select day::text, sum(amount) from rollup.mrr_movements group by day"))
    amounts = raw["mrr_amount"].map(Decimal)
    opening = Decimal(0)
    assert list(daily) == [str(day.date()) for day in pd.date_range(raw["start_date"].min(), "2025-01-02")]
    for day, closing in daily.items():
        counts = (raw["start_date"] <= str(day)) & ~(raw["end_date"] <= str(day))
        assert closing == sum(amounts[counts], Decimal(0)), day
        assert opening + moved.get(day, Decimal(0)) == closing, day  # type: ignore[operator]
        opening = closing  # type: ignore[assignment]
    open_ended = amounts[raw["end_date"].isna()].groupby(raw["account_id"]).sum()
    by_tenant = dict(sql("select tenant_id, sum(amount) from rollup.mrr_movements group by tenant_id"))
    assert {tenant: mrr for tenant, mrr in by_tenant.items() if mrr} == {t: m for t, m in open_ended.items() if m}
