"""Backfill: on purpose, with a reason, recorded; the tick is the one writer, and a killed one is gone on with."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from pipeline.errors import PermanentError, SettingsError, TransientError
from pipeline.installation import Installation
from pipeline.reconcile import backfill as backfilling
from pipeline.reconcile import settling
from pipeline.reconcile.backfill import Asked, backfill, preview
from pipeline.reconcile.reconciling import reconcile
from pipeline.rollups.ticking import ticking
from pipeline.run import run
from tests.conftest import NOW, Contents, Sql, address_of, dashboard_of
from tests.test_reconcile import at, untracked, verb

START, END = at("2026-03-05T00:00:00"), at("2026-03-09T00:00:00")
DAYS = ("2026-03-05", "2026-03-06", "2026-03-07", "2026-03-08")
WHY = "the importer counted twice"
HOURS = "select tenant_id, bucket_start, sum(requests)::int from rollup.api_hourly group by 1, 2 order by 1, 2"


def fill(ready: Installation, sql: Sql) -> None:
    """Two tenants over four days; rolled up, published, and then changed behind the ledger's back."""
    sql.tenant()
    sql.tenant("t2")
    for day in DAYS:
        for tenant in ("t1", "t2"):
            sql.request(f"{day}T12:10:00Z", tenant)
            sql.request(f"{day}T12:20:00Z", tenant)
            sql.usage(f"{day}T12:30:00Z", tenant, amount=10)
    run(ready, NOW)
    untracked(sql, "delete from api_requests where extract(minute from created_at) = 20")
    untracked(sql, "update usage_records set amount = 11 where tenant_id = 't2'")


@pytest.fixture
def contents(request: pytest.FixtureRequest) -> Contents | None:
    """Made once for all tests that begin with it."""
    return fill if "history" in request.fixturenames else None


@pytest.fixture
def history(ready: Installation) -> Installation:
    """What `fill` has made."""
    return ready


def asked(**more: Any) -> Asked:
    return replace(Asked(START, END, WHY), **more)


def test_a_backfill_recomputes_its_range_alone_and_publishes_it(history: Installation, sql: Sql) -> None:
    report = backfill(history, asked(start=at("2026-03-06T00:00:00"), end=at("2026-03-08T00:00:00")))
    assert [row[2] for row in sql(HOURS)] == [2, 1, 1, 2, 2, 1, 1, 2]
    assert (report.marks, report.busy, report.changes.requests_change) == (4, None, -4)
    assert report.changes.tokens_change == 2
    assert dashboard_of(history)["periods"]["7d"]["api_usage"]["total"] == 6
    assert sql("select count(*) from pipeline.marks") == [(0,)]
    assert sql.one("select data_through from pipeline.progress") == at("2026-03-10T12:00:00")


def test_tenants_can_be_named(history: Installation, sql: Sql) -> None:
    report = backfill(history, asked(tenants=("t2",)))
    assert [row[2] for row in sql(HOURS)] == [2, 2, 2, 2, 1, 1, 1, 1]
    assert report.marks == 8
    assert {each["tenant_id"] for each in report.to_json()["changes"]["listed"]} == {"t2"}
    with pytest.raises(SettingsError, match="'t3': no such tenant"):
        backfill(history, asked(tenants=("t3",)))


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    history: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["backfill", "--from", "2026-03-05", "--to", "2026-03-09", "--reason", WHY, "--dry-run"]
    state = "select (select count(*) from pipeline.marks), (select count(*) from pipeline.runs), (select sum(requests) from rollup.api_hourly)"
    before = sql(state)
    assert verb(history, words, monkeypatch) == 0
    told = capsys.readouterr().out
    assert "2026-03-06 tenant t1: requests 2 -> 1, tokens 10 -> 10" in told
    assert "2026-03-07 tenant t2: requests 2 -> 1, tokens 10 -> 11" in told
    assert "would change: 12 buckets and days differ, 8 days of tenants, requests -8, tokens +4" in told
    assert verb(history, [*words, "--json", "--tenant", "t1"], monkeypatch) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["changes"]["listed"][0] == {
        "tenant_id": "t1",
        "day": "2026-03-05",
        "requests": [2, 1],
        "tokens": ["10", "10"],
    }
    assert (found["dry_run"], found["changes"]["requests_change"], found["changes"]["days"]) == (True, -4, 4)
    assert sql(state) == before


def test_who_asked_when_why_and_what_changed_is_recorded(history: Installation, sql: Sql) -> None:
    backfill(history, asked())
    [(reason, who, state, report)] = sql(
        "select reason, requested_by, state, report from pipeline.runs where verb = 'backfill'"
    )
    assert (reason, state) == (WHY, "done")
    user = sql.one("select session_user")
    assert str(who).startswith(f"{user}, ")
    assert "@" in str(who)
    assert isinstance(report, dict)
    assert (report["from"], report["to"], report["tenants"]) == ("2026-03-05T00:00:00Z", "2026-03-09T00:00:00Z", None)
    assert report["changes"]["requests_change"] == -8
    assert report["found"]["differing"] == {"api_hourly": 8, "usage_hourly": 4}


def test_what_did_not_change_keeps_its_files(history: Installation, sql: Sql) -> None:
    backfill(history, asked())
    again = backfill(history, asked(reason="once more, to be sure"))
    assert (again.changes.days, again.marks > 0) == ({}, True)
    assert again.run is not None
    assert again.run.publish.files_written == 0
    assert reconcile(history).agrees


class KilledError(BaseException):
    """Stands for kill -9: nothing after it is done."""


def killed_at(monkeypatch: pytest.MonkeyPatch, name: str, count: int) -> None:
    """Have the work end when a function is called for the count-th time."""
    whole: Callable[..., Any] = getattr(backfilling, name)
    calls: list[int] = []

    def until(*given: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == count:
            raise KilledError
        return whole(*given, **more)

    monkeypatch.setattr(backfilling, name, until)


@pytest.mark.parametrize("state", ["failed", "running"])
@pytest.mark.parametrize(("name", "count", "left"), [("note", 4, 5), ("_mark", 1, 8), ("settle", 1, 0)])
def test_the_same_backfill_again_goes_on_after_the_last_marked_part(
    history: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, *, name: str, count: int, left: int, state: str
) -> None:
    with monkeypatch.context() as patched:
        killed_at(patched, name, count)
        with pytest.raises(KilledError):
            backfill(history, asked())
    sql("update pipeline.runs set state = %s, error = null where verb = 'backfill'", state)
    compared: list[int] = []
    whole = backfilling.compare_span
    monkeypatch.setattr(backfilling, "compare_span", lambda *given: (compared.append(1), whole(*given))[1])
    report = backfill(history, asked())
    assert len(compared) == left
    assert (report.resumes is None) == (name == "_mark"), "nothing had been marked by then"
    assert [row[2] for row in sql(HOURS)] == [1] * 8
    assert reconcile(history).agrees
    compared.clear()
    assert backfill(history, asked()).resumes is None, "that one is done: asked again it begins again"
    assert len(compared) == 8


def test_another_reason_or_range_is_another_backfill(history: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        killed_at(patched, "settle", 1)
        with pytest.raises(KilledError):
            backfill(history, asked())
    for other in (asked(reason="another"), asked(tenants=("t1",)), asked(end=at("2026-03-08T00:00:00"))):
        assert backfill(history, other).resumes is None
    assert backfill(history, asked()).resumes is not None


def test_beside_a_tick_it_leaves_the_marks_and_ends_well(
    history: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settling, "LONGEST_WAIT", 0.3)
    monkeypatch.setattr(settling, "PAUSES", (0.01, 0.05))
    monkeypatch.setattr(backfilling, "SPANS_PER_TICK", 3)
    with ticking(history.database):
        words = ["backfill", "--from", "2026-03-05", "--to", "2026-03-09", "--reason", WHY]
        assert verb(history, words, monkeypatch) == 0
    told = capsys.readouterr().out
    assert "Another tick is at work" in told
    assert "8 marks are there: the next tick does the rest" in told
    run(history, NOW)
    assert [row[2] for row in sql(HOURS)] == [1] * 8
    assert reconcile(history).agrees


def test_readers_see_the_old_numbers_or_the_new_never_half(
    history: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours and their days change together, and no bucket is ever missing."""
    monkeypatch.setattr(backfilling, "SPANS_PER_TICK", 2)
    seen: set[tuple[int, int]] = set()
    ended, polling = threading.Event(), threading.Event()
    query = """select (h.requests)::int, (select sum(d.requests) from rollup.api_daily d where d.tenant_id = h.tenant_id and d.day = '2026-03-06')::int
        from rollup.api_hourly h where h.tenant_id = 't1' and h.bucket_start = '2026-03-06T12:00Z'"""

    def poll() -> None:
        with psycopg.connect(address_of(history), autocommit=True) as reader:
            while not ended.is_set():
                seen.update(reader.execute(query).fetchall() or [(0, 0)])
                polling.set()

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        assert polling.wait(30)
        backfill(history, asked())
    finally:
        ended.set()
        thread.join()
    assert (2, 2) in seen
    assert seen <= {(2, 2), (1, 1)}


@pytest.fixture
def purged(ready: Installation, sql: Sql) -> Installation:
    """An installation with a horizon of 30 days, whose rows of two old hours have been purged, of a recent one not."""
    purging = Installation(replace(ready.settings, raw_horizon_days=30))
    sql.tenant()
    sql("create table kept as select * from api_requests with no data")
    for days in (50, 40, 10):
        for _ in range(3):
            sql.request((datetime.now(UTC) - timedelta(days=days)).isoformat())
    run(purging, datetime.now(UTC))
    sql("insert into kept select * from api_requests")
    sql("delete from api_requests where created_at < now() - interval '30 days'")
    run(purging, datetime.now(UTC))
    assert sql.one("select count(*) from pipeline.purged_hours") == 2
    return purging


def long_ago(**more: Any) -> Asked:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return replace(Asked(now - timedelta(days=60), now, WHY), **more)


PER_HOUR = "select array_agg(requests::int order by bucket_start) from rollup.api_hourly"


def test_frozen_hours_are_skipped_counted_and_said(purged: Installation, sql: Sql) -> None:
    report = backfill(purged, long_ago())
    assert report.found.frozen_hours == 2
    assert sql.one(PER_HOUR) == [3, 3, 3]
    assert sql.one("select count(*) from pipeline.purged_hours") == 2


def test_frozen_hours_whose_rows_are_restored_are_redone_and_others_left_alone(purged: Installation, sql: Sql) -> None:
    sql(
        "insert into api_requests select * from kept where created_at between now() - interval '45 days' and now() - interval '35 days'"
    )
    sql.request((datetime.now(UTC) - timedelta(days=40)).isoformat())
    run(purged, datetime.now(UTC))
    assert sql.one("select sum(rows) from rollup.rejected_hourly") == 4, "so far they came too late"
    report = backfill(purged, long_ago(frozen=True))
    assert (report.unrestored_hours, report.found.frozen_hours) == (1, 0)
    assert sql.one(PER_HOUR) == [3, 4, 3]
    assert sql.one("select coalesce(sum(rows), 0) from rollup.rejected_hourly") == 0
    assert sql.one("select count(*) from pipeline.purged_hours") == 1
    assert reconcile(purged).agrees


def test_a_purged_hour_does_not_shrink_to_its_late_row(purged: Installation, sql: Sql) -> None:
    sql.request((datetime.now(UTC) - timedelta(days=40)).isoformat())
    run(purged, datetime.now(UTC))
    report = backfill(purged, long_ago(frozen=True))
    assert (report.unrestored_hours, sql.one(PER_HOUR)) == (2, [3, 3, 3])
    assert sql.one("select sum(rows) from rollup.rejected_hourly") == 1
    assert sql.one("select count(*) from pipeline.purged_hours") == 2
    assert backfill(purged, long_ago(frozen=True, even_if_fewer=True)).unrestored_hours == 1
    assert sql.one(PER_HOUR) == [3, 1, 3]
    assert sql.one("select coalesce(sum(rows), 0) from rollup.rejected_hourly") == 0


def test_thawing_waits_for_a_tick_that_is_at_work(purged: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "LONGEST_WAIT", 0.3)
    monkeypatch.setattr(settling, "PAUSES", (0.01, 0.05))
    with ticking(purged.database), pytest.raises(TransientError, match="Run the same command again"):
        backfill(purged, long_ago(frozen=True))
    assert backfill(purged, long_ago(frozen=True)).unrestored_hours == 2


def test_a_day_is_said_as_it_will_be_also_where_its_hours_or_itself_were_edited(
    history: Installation, sql: Sql
) -> None:
    sql("update rollup.api_hourly set requests = 77 where tenant_id = 't1' and bucket_start = '2026-03-06T12:00Z'")
    sql("update rollup.api_daily set requests = 88 where tenant_id = 't1' and day = '2026-03-07'")
    sql("update rollup.usage_daily set amount = 99 where tenant_id = 't1' and day = '2026-03-08'")
    changes = preview(history, asked(tenants=("t1",))).changes
    said = {each["day"]: (each["requests"], each["tokens"]) for each in changes.to_json()["listed"]}
    assert said["2026-03-06"] == ([2, 1], ["10", "10"])
    assert said["2026-03-07"] == ([88, 1], ["10", "10"])
    assert said["2026-03-08"] == ([2, 1], ["99", "10"])
    assert (changes.requests_change, changes.tokens_change) == (-90, -89)
    backfill(history, asked(tenants=("t1",)))
    days = "select day::text, requests::int from rollup.api_daily where tenant_id = 't1' order by 1"
    assert [row[1] for row in sql(days)] == [1, 1, 1, 1]


def test_hours_that_are_not_kept_are_refused(purged: Installation, sql: Sql) -> None:
    kept_from = long_ago().end - timedelta(days=20)
    sql("update pipeline.progress set hours_from = %s", kept_from)
    report = backfill(purged, long_ago(frozen=True))
    assert report.kept_from == kept_from
    assert report.to_json()["refused_before"] is not None
    assert sql.one(PER_HOUR) == [3, 3, 3]
    with pytest.raises(PermanentError, match="are not kept any more"):
        backfill(purged, long_ago(end=kept_from))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--from", "2026-03-05", "--to", "2026-03-09"], "--reason"),
        (["--from", "2026-03-05", "--to", "2026-03-09", "--reason", " "], "--reason: say why"),
        (["--from", "2026-03-09", "--to", "2026-03-05", "--reason", "x"], "nothing lies between"),
        (["--from", "2026-03-05T00:00+05:30", "--to", "2026-03-09", "--reason", "x"], "no whole hour"),
        (
            ["--from", "2026-03-10T12:00Z", "--to", "2026-03-11", "--reason", "x"],
            "complete through 2026-03-10T12:00:00Z",
        ),
        (
            ["--from", "2026-03-05", "--to", "2026-03-09", "--reason", "x", "--frozen", "--tenant", "t1"],
            "Leave out one",
        ),
        (["--from", "2026-03-05", "--to", "2026-03-09", "--reason", "x", "--tenant", "t9"], "no such tenant"),
        (["--from", "", "--to", "2026-03-09", "--reason", "x"], "neither may be empty"),
    ],
)
def test_what_makes_no_sense_is_refused(
    history: Installation,
    sql: Sql,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    words: Sequence[str],
    message: str,
) -> None:
    assert verb(history, ["backfill", *words], monkeypatch) == 2
    assert message in capsys.readouterr().err
    assert sql("select count(*) from pipeline.runs where verb = 'backfill'") == [(0,)]


def test_dates_are_midnight_in_utc_or_in_the_offset_they_name(
    history: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["backfill", "--from", "2026-03-05+01:00", "--to", "2026-03-09", "--reason", "x", "--dry-run", "--json"]
    assert verb(history, words, monkeypatch) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["from"], found["to"]) == ("2026-03-04T23:00:00Z", "2026-03-09T00:00:00Z")


def test_a_long_range_is_rolled_up_part_by_part(
    history: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfilling, "SPANS_PER_TICK", 2)
    began = sql.one("select max(run_id) from pipeline.runs")
    backfill(history, asked())
    ticks = sql(
        "select (report ->> 'marks')::int from pipeline.runs where verb = 'rollup' and run_id > %s order by run_id",
        began,
    )
    assert ticks == [(2,), (2,), (2,), (2,)]


def test_nothing_is_compared_twice_of_what_waits(history: Installation, sql: Sql) -> None:
    """A preview shows what will be there, also where a tick would bring it about by itself."""
    sql.request("2026-03-06T12:40:00Z")
    changes = preview(history, asked(tenants=("t1",))).changes
    assert changes.requests_change == -3
