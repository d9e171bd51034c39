"""Raw rows against rollups: whatever was done behind the ledger's back is found, named and repaired."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.errors import BusyError
from pipeline.installation import Installation
from pipeline.publish import publisher
from pipeline.publish.publisher import slots_held
from pipeline.reconcile import settling
from pipeline.reconcile.comparison import compare
from pipeline.reconcile.differences import Comparison
from pipeline.reconcile.reconciling import ReconcileReport, reconcile
from pipeline.reconcile.spans import spans
from pipeline.rollups.tick import roll
from pipeline.rollups.ticking import ticking
from pipeline.run import run
from tests.conftest import NOW, Contents, Sql, dashboard_of, environment_of, published
from tests.recompute import recomputed, stored

ROLLUPS = ("api_hourly", "api_daily", "usage_hourly", "usage_daily", "rejected_hourly")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fill(ready: Installation, sql: Sql) -> None:
    """Two tenants, one of them in New York, over three days, with rows that are refused; rolled up and published."""
    sql.tenant()
    sql.tenant("t2", timezone="America/New_York")
    for day in ("2026-03-07", "2026-03-08", "2026-03-09"):
        for tenant in ("t1", "t2"):
            for hour in ("03", "12", "22"):
                sql.request(f"{day}T{hour}:10:00Z", tenant, duration_ms=12.5)
                sql.request(f"{day}T{hour}:20:00Z", tenant, endpoint="/b", status_code=500, duration_ms=0)
                sql.usage(f"{day}T{hour}:30:00Z", tenant, amount="10.5")
        sql.request(f"{day}T12:40:00Z", None)
        sql.request(f"{day}T12:40:00Z", duration_ms=-1)
        sql.usage(f"{day}T12:40:00Z", None, amount=None)
    run(ready, NOW)


@pytest.fixture
def contents(request: pytest.FixtureRequest) -> Contents | None:
    """Made once for all tests that begin with it."""
    return fill if "history" in request.fixturenames else None


@pytest.fixture
def history(ready: Installation) -> Installation:
    """What `fill` has made."""
    return ready


def kinds(report: ReconcileReport) -> dict[str, int]:
    return dict(report.found.differing)


def untracked(sql: Sql, statement: str) -> None:
    """Change raw rows as somebody does who has switched triggers off."""
    with sql.connection.transaction():
        sql("set local session_replication_role = replica")
        sql(statement)


def digests(sql: Sql) -> dict[str, object]:
    digest = "select md5(string_agg(r::text, '|' order by r::text)) from rollup.{} r"
    return {table: sql.one(digest.format(table)) for table in ROLLUPS}


def test_what_nobody_tampered_with_agrees(history: Installation, sql: Sql) -> None:
    report = reconcile(history)
    assert report.agrees
    assert (report.found.differences, report.found.waiting, report.found.frozen_hours) == ([], 0, 0)
    api, usage = report.found.totals["api_requests"], report.found.totals["usage_records"]
    assert (api.raw_rows, api.counted_rows, api.refused_rows, int(api.by_days)) == (42, 39, 3, 39)
    assert (usage.raw_rows, usage.counted_rows, usage.refused_rows, str(usage.by_hours)) == (21, 18, 3, "189.0")
    assert sql.one("select data_through from pipeline.progress") == at("2026-03-10T12:00:00")


FIRST = "(select min(id) from api_requests where tenant_id = 't1')"
BEHIND = {
    "a row inserted": (
        "insert into api_requests (tenant_id, endpoint, duration_ms, created_at) values ('t1', '/', 5, '2026-03-08T05:00:00Z')",
        {"api_hourly": [("t1", "2026-03-08T05:00:00", "0", "1", ["not stored"])]},
    ),
    "a row deleted": (
        f"delete from api_requests where id = {FIRST}",
        {"api_hourly": [("t1", "2026-03-07T03:00:00", "2", "1", ["no raw rows"])]},
    ),
    "a row's value changed": (
        f"update api_requests set duration_ms = 13 where id = {FIRST}",
        {"api_hourly": [("t1", "2026-03-07T03:00:00", "2", "2", ["duration_ms_sum"])]},
    ),
    "a row moved to another hour": (
        f"update api_requests set created_at = created_at + interval '1 hour' where id = {FIRST}",
        {
            "api_hourly": [
                ("t1", "2026-03-07T03:00:00", "2", "1", ["no raw rows"]),
                ("t1", "2026-03-07T04:00:00", "0", "1", ["not stored"]),
            ]
        },
    ),
    "a row moved to another tenant": (
        f"update api_requests set tenant_id = 't2' where id = {FIRST}",
        {
            "api_hourly": [
                ("t1", "2026-03-07T03:00:00", "2", "1", ["no raw rows"]),
                ("t2", "2026-03-07T03:00:00", "2", "3", ["requests"]),
            ]
        },
    ),
    "an amount changed": (
        "update usage_records set amount = 11.5 where tenant_id = 't2' and created_at = '2026-03-09T22:30:00Z'",
        {"usage_hourly": [("t2", "2026-03-09T22:00:00", "10.5", "11.5", ["amount"])]},
    ),
    "a row nobody can use": (
        "insert into api_requests (tenant_id, created_at) values (null, '2026-03-09T12:00:00Z')",
        {"rejected_by_tenant": [(None, "2026-03-09T12:00:00", "2", "4", ["status_missing", "tenant_missing"])]},
    ),
    "a row without an hour": (
        "insert into api_requests (tenant_id, created_at) values ('t2', 'infinity')",
        {"rejected_by_tenant": None},
    ),
    "all requests gone": ("delete from api_requests", {"api_hourly": None, "rejected_by_tenant": None}),
}


@pytest.mark.parametrize("name", BEHIND)
def test_raw_rows_changed_without_triggers_are_found_and_repaired(history: Installation, sql: Sql, name: str) -> None:
    statement, expected = BEHIND[name]
    untracked(sql, statement)
    assert run(history, NOW).rollup.marks == 0, "no trigger has seen it"
    report = reconcile(history)
    assert not report.agrees
    assert set(expected) <= set(report.found.differing)
    for rollup, wanted in expected.items():
        found = [each for each in report.found.differences if each.rollup == rollup]
        if wanted is not None and rollup != "rejected_by_tenant":
            assert [(each.tenant, each.bucket_start, str(each.stored), str(each.recomputed)) for each in found] == [
                (tenant, at(hour), stored, recomputed) for tenant, hour, stored, recomputed, _ in wanted
            ]
            assert all(set(one[4]) <= set(each.what) for each, one in zip(found, wanted, strict=True))
    repaired_by_tick_of_triggers(history, sql)


def repaired_by_tick_of_triggers(history: Installation, sql: Sql) -> None:
    """Repair; then mark everything as triggers would: nothing more changes."""
    report = reconcile(history, repair=True)
    assert report.agrees
    assert report.remaining is not None
    assert report.remaining.differing.total() == 0
    assert sql.one("select data_through from pipeline.progress") == at("2026-03-10T12:00:00")
    stored, seen = digests(sql), dashboard_of(history)["periods"]
    sql("update api_requests set endpoint = endpoint")
    sql("update usage_records set amount = amount")
    run(history, NOW)
    assert digests(sql) == stored
    assert dashboard_of(history)["periods"] == seen


BY_HAND = {
    "an hour edited": ("update rollup.api_hourly set requests = 7 where {first}", "api_hourly", "requests"),
    "an hour deleted": ("delete from rollup.api_hourly where {first}", "api_hourly", "not stored"),
    "an hour inserted": (
        "insert into rollup.api_hourly select tenant_id, bucket_start + interval '2 hours', {measures} from rollup.api_hourly where {first}",
        "api_hourly",
        "no raw rows",
    ),
    "only a sketch edited": (
        "update rollup.api_hourly set duration_sketch.counts = array[2]::bigint[] where {first}",
        "api_hourly",
        "duration_sketch",
    ),
    "only a sketch lost": (
        "update rollup.api_hourly set duration_sketch = null where {first}",
        "api_hourly",
        "duration_sketch",
    ),
    "a usage hour edited": (
        "update rollup.usage_hourly set amount = amount + 0.000001 where tenant_id = 't2' and bucket_start = '2026-03-08T12:00Z'",
        "usage_hourly",
        "amount",
    ),
    "a day edited": ("update rollup.api_daily set client_errors = 1 where {day}", "api_daily", "client_errors"),
    "a day deleted": ("delete from rollup.api_daily where {day}", "api_daily", "not stored"),
    "a day of nothing inserted": (
        "insert into rollup.api_daily select tenant_id, '2026-02-01', {measures} from rollup.api_daily where {day}",
        "api_daily",
        "no hours",
    ),
    "only a day's sketch edited": (
        "update rollup.api_daily set duration_sketch.max_us = 99 where {day}",
        "api_daily",
        "duration_sketch",
    ),
    "a usage day edited": (
        "update rollup.usage_daily set records = 9 where tenant_id = 't2' and day = '2026-03-07'",
        "usage_daily",
        "records",
    ),
    "a usage day of tomorrow inserted": (
        "insert into rollup.usage_daily values ('t1', '2026-03-12', 'ai_tokens_m', 1, 1)",
        "usage_daily",
        "no hours",
    ),
    "rejected rows edited": (
        "update pipeline.rejected_by_tenant set rows = 5 where source = 'api_requests' and tenant_id is null and bucket_start = '2026-03-08T12:00Z'",
        "rejected_by_tenant",
        "tenant_missing",
    ),
    "their sum edited": (
        "update rollup.rejected_hourly set rows = 5 where reason = 'amount_missing' and bucket_start = '2026-03-08T12:00Z'",
        "rejected_hourly",
        "amount_missing",
    ),
    "their sum deleted": (
        "delete from rollup.rejected_hourly where bucket_start = '2026-03-08T12:00Z'",
        "rejected_hourly",
        "tenant_missing",
    ),
}
AT_NO_PLACE = {
    "half past": (
        "insert into rollup.api_hourly select tenant_id, '2026-03-09 12:30Z', {measures} from rollup.api_hourly where {first}",
        "api_hourly",
    ),
    "half past, and a day merged from it": (
        (
            "insert into rollup.api_hourly select tenant_id, '2026-03-07 12:30Z', {measures} from rollup.api_hourly where {first}; "
            "update rollup.api_daily set requests = requests + 1 where tenant_id = 't1' and day = '2026-03-07' and endpoint = '/b'"
        ),
        "api_hourly",
    ),
    "after data_through": (
        "insert into rollup.api_hourly select tenant_id, '2026-03-10 15:00Z', {measures} from rollup.api_hourly where {first}",
        "api_hourly",
    ),
    "at no time": (
        "insert into rollup.api_hourly select tenant_id, '-infinity', {measures} from rollup.api_hourly where {first}",
        "api_hourly",
    ),
    "usage after data_through": (
        "insert into rollup.usage_hourly values ('t1', '2026-03-10 13:00Z', 'ai_tokens_m', 5, 1)",
        "usage_hourly",
    ),
    "rejected rows at half past": (
        "insert into pipeline.rejected_by_tenant values ('api_requests', '2026-03-09 12:30Z', 't1', 'tenant_missing', 7)",
        "rejected_by_tenant",
    ),
    "rejected rows after data_through": (
        "insert into pipeline.rejected_by_tenant values ('api_requests', '2026-03-15 12:00Z', 't1', 'tenant_missing', 7)",
        "rejected_by_tenant",
    ),
    "their sum at half past": (
        "insert into rollup.rejected_hourly values ('api_requests', 'tenant_missing', '2026-03-09 12:30Z', 77)",
        "rejected_hourly",
    ),
}


@pytest.mark.parametrize("name", AT_NO_PLACE)
def test_what_no_raw_row_can_give_is_found_and_goes(history: Installation, sql: Sql, name: str) -> None:
    """And no day is merged from it: also not one that is merged anew for a late row afterwards."""
    statement, rollup = AT_NO_PLACE[name]
    for each in statement.format(**PLACES).split(";"):
        sql(each)
    report = reconcile(history)
    assert not report.agrees
    assert rollup in report.found.differing
    report = reconcile(history, repair=True)
    assert report.agrees, report.lines()
    assert stored(sql) == recomputed(sql)
    assert sql.one("select count(*) from pipeline.marks") == 0


def test_what_an_interrupted_tick_has_stored_is_no_difference(history: Installation, sql: Sql) -> None:
    sql.request("2026-03-10T12:10:00Z")
    sql.request("2026-03-10T12:20:00Z", None)
    roll(history, NOW + timedelta(hours=2))
    sql("update pipeline.progress set data_through = '2026-03-10T12:00Z'")
    assert reconcile(history).found.agrees
    sql("update rollup.api_hourly set requests = 9 where bucket_start = '2026-03-10T12:00Z'")
    assert kinds(reconcile(history))["api_hourly"] == 1
    reconcile(history, repair=True)
    assert reconcile(history).found.agrees
    roll(history, NOW + timedelta(hours=2))
    assert stored(sql) == recomputed(sql), "what was taken away comes back once its hour is due"


def test_days_of_a_tenant_whose_zone_cannot_be_used_are_not_called_agreeing(history: Installation, sql: Sql) -> None:
    sql("update tenants set timezone = 'Asia/Kolkata' where id = 't1'")
    run(history, NOW)
    sql("insert into rollup.api_daily values ('t1', '2026-03-09', '/', 5, 0, 0, null, null, null, 0, null)")
    report = reconcile(history)
    assert (report.agrees, report.found.unzoned_days) == (True, 1)
    assert report.full()["found"]["days_without_zone"] == 1
    assert any("1 stored days are not compared" in line for line in report.lines())


PLACES = {
    "measures": "endpoint, requests, client_errors, server_errors, duration_ms_sum, duration_ms_min, duration_ms_max, duration_count, duration_sketch",
    "first": "tenant_id = 't1' and bucket_start = '2026-03-07T12:00Z' and endpoint = '/b'",
    "day": "tenant_id = 't1' and day = '2026-03-08' and endpoint = '/b'",
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_rollup_edited_by_hand_is_found_and_repaired(history: Installation, sql: Sql, name: str) -> None:
    statement, rollup, what = BY_HAND[name]
    intact = digests(sql)
    sql(statement.format(**PLACES))
    report = reconcile(history)
    assert not report.agrees
    assert rollup in report.found.differing
    assert what in {word for each in report.found.differences if each.rollup == rollup for word in each.what}
    assert reconcile(history, repair=True).agrees
    assert digests(sql) == intact


def test_a_file_that_was_altered_is_found_and_written_again(history: Installation) -> None:
    intact = published(history)
    path = next(path for path in intact if path.startswith("v1/t/") and path.endswith("/dashboard.json"))
    (history.settings.home / "public" / path).write_bytes(b"altered")
    report = reconcile(history)
    assert (report.found.agrees, report.agrees, report.files.total) == (True, False, 1)
    assert any("altered in the store" in line for line in report.lines())
    repaired = reconcile(history, repair=True)
    assert repaired.agrees
    assert (
        json.loads(gzip.decompress(published(history)[path]))["periods"]
        == json.loads(gzip.decompress(intact[path]))["periods"]
    )


def test_a_publisher_that_stays_at_work_leaves_the_answer_open(
    history: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "PATIENCE", 0.3)
    path = next(path for path in published(history) if path.endswith("/dashboard.json"))
    (history.settings.home / "public" / path).write_bytes(b"altered")
    with slots_held(history.database):
        report = reconcile(history)
    assert not report.agrees
    assert "publisher has been at work" in str(report.busy)


def test_control_totals_find_what_they_are_for(history: Installation, sql: Sql) -> None:
    sql("update rollup.api_hourly set requests = requests + 100 where tenant_id = 't1' and endpoint = '/b'")
    api = reconcile(history).found.totals["api_requests"]
    assert not api.agree
    assert (api.counted_rows - 39, int(api.by_hours - api.by_days), api.tenants_off) == (900, 900, 3)


def test_a_range_is_compared_alone(history: Installation, sql: Sql) -> None:
    untracked(sql, "delete from api_requests where created_at < '2026-03-08Z'")
    assert reconcile(history, at("2026-03-08T00:00:00"), at("2026-03-10T00:00:00")).agrees
    found = reconcile(history, at("2026-03-07T04:00:00"), at("2026-03-07T13:00:00")).found
    assert {each.bucket_start for each in found.differences} == {at("2026-03-07T12:00:00")}
    assert reconcile(history, at("2026-03-07T04:00:00"), at("2026-03-07T12:00:00")).agrees


def test_the_day_in_whose_middle_a_range_begins_is_compared(history: Installation, sql: Sql) -> None:
    sql("update rollup.api_daily set requests = 99 where tenant_id = 't2' and day = '2026-03-08' and endpoint = '/'")
    assert reconcile(history, at("2026-03-08T12:00:00"), at("2026-03-08T13:00:00")).found.differing == {
        "api_daily": 1,
        "cost_daily": 1,
    }
    assert reconcile(history, at("2026-03-09T04:00:00"), at("2026-03-10T00:00:00")).found.agrees, (
        "that day is over by then"
    )


def test_what_waits_for_the_tick_is_no_difference(history: Installation, sql: Sql) -> None:
    sql.request("2026-03-08T12:59:00Z", endpoint="/late")
    sql.request("2026-03-08T12:59:00Z", None)
    report = reconcile(history)
    assert report.agrees
    assert report.found.waiting == 2
    untracked(sql, "insert into api_requests (tenant_id, created_at) values ('t2', '2026-03-08T12:58:00Z')")
    report = reconcile(history)
    hours = [each for each in report.found.differences if each.rollup == "api_hourly"]
    assert [(each.tenant, each.waiting) for each in hours] == [("t2", False)]
    sql("truncate usage_records")
    assert "usage_hourly" not in reconcile(history).found.differing
    run(history, NOW)
    assert kinds(reconcile(history)) == kinds(report)


def test_a_truncate_that_no_tick_has_seen_waits_too(history: Installation, sql: Sql) -> None:
    sql("truncate usage_records")
    listed = spans(history.database)
    assert compare(history, listed).agrees, "before anything has turned it into marks"
    assert compare(history, listed).waiting > 0


def test_the_running_hour_and_the_future_are_left_out(history: Installation, sql: Sql) -> None:
    untracked(sql, "insert into api_requests (tenant_id, created_at) values ('t1', '2026-03-10T12:10:00Z')")
    untracked(sql, "insert into api_requests (tenant_id, created_at) values ('t1', '9998-12-31T23:59:00Z')")
    assert reconcile(history).agrees


def test_frozen_hours_are_skipped_and_counted(ready: Installation, sql: Sql) -> None:
    purging = Installation(replace(ready.settings, raw_horizon_days=30))
    now = datetime.now(UTC)
    for days in (50, 40, 10):
        sql.request((now - timedelta(days=days)).isoformat())
    sql.tenant()
    run(purging, now)
    sql("delete from api_requests where created_at < now() - interval '45 days'")
    untracked(sql, "delete from api_requests where created_at < now() - interval '35 days'")
    run(purging, now)
    report = reconcile(purging)
    assert report.agrees
    assert report.found.frozen_hours == 2
    assert any("frozen: 2 stored hours" in line for line in report.found.lines())
    assert reconcile(purging, repair=True).agrees
    assert sql.one("select sum(requests) from rollup.api_hourly") == 3
    without = reconcile(ready)
    assert (without.found.differing["api_hourly"], without.found.frozen_hours) == (1, 1), "what was purged stays so"


def test_a_repair_is_in_time_also_at_the_edge_of_the_horizon(ready: Installation, sql: Sql) -> None:
    purging = Installation(replace(ready.settings, raw_horizon_days=30))
    sql.tenant()
    edge = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=30) + timedelta(hours=1)
    sql.request(edge.isoformat())
    run(purging, datetime.now(UTC))
    sql("update rollup.api_hourly set requests = 9")
    assert reconcile(purging).found.differing["api_hourly"] == 1
    assert reconcile(purging, repair=True).agrees
    assert sql("select requests, (select count(*) from pipeline.purged_hours) from rollup.api_hourly") == [(1, 0)]


def test_a_repair_waits_for_a_tick_that_is_at_work_and_then_leaves_it_the_marks(
    history: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "LONGEST_WAIT", 0.5)
    monkeypatch.setattr(settling, "PAUSES", (0.01, 0.05))
    untracked(sql, f"delete from api_requests where id = {FIRST}")
    with ticking(history.database):
        report = reconcile(history, repair=True)
    assert not report.agrees
    assert report.repair is not None
    assert "Another tick" in report.repair.busy[0]
    assert report.remaining is not None
    assert (report.remaining.waiting, report.remaining.differing) == (1, {})
    run(history, NOW)
    assert reconcile(history).agrees


def test_a_wait_ends_when_the_other_tick_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "PAUSES", (0.0, 0.001))
    tries: list[int] = []

    def work() -> int:
        tries.append(1)
        if len(tries) < 4:
            raise BusyError("at work")
        return len(tries)

    assert settling.patiently(work) == 4


def verb(installation: Installation, words: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a verb in this process, with the settings of an installation."""
    for name, value in environment_of(installation).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return main(words)


def test_the_verb_names_the_first_buckets_counts_the_rest_and_records_itself(
    history: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verb(history, ["reconcile"], monkeypatch) == 0
    assert "all agrees, through 2026-03-10T12:00:00Z" in capsys.readouterr().out
    untracked(
        sql,
        "insert into api_requests (tenant_id, created_at) select 't1', '2026-03-01T00:30Z'::timestamptz + n * interval '1 hour' from generate_series(1, 30) n",
    )
    assert verb(history, ["reconcile"], monkeypatch) == 1
    told = capsys.readouterr().out
    assert "api_hourly 2026-03-01T01:00:00Z tenant t1: 1 differ in not stored, requests" in told
    assert told.count("api_hourly 2026") == 20
    assert "api_hourly: 10 more differ; --json lists them" in told
    assert "DIFFER" in told
    assert verb(history, ["reconcile", "--json"], monkeypatch) == 1
    listed = json.loads(capsys.readouterr().out)
    assert sum(each["rollup"] == "api_hourly" for each in listed["found"]["differences"]) == 30
    assert verb(history, ["reconcile", "--from", "2026-03-07", "--to", "2026-03-10T12:00Z"], monkeypatch) == 0
    assert verb(history, ["reconcile", "--repair"], monkeypatch) == 0
    assert "after the repair: nothing differs" in capsys.readouterr().out
    runs = sql(
        "select state, report -> 'agrees', report -> 'found' -> 'differing' ->> 'api_hourly' from pipeline.runs where verb = 'reconcile' order by run_id"
    )
    assert [row[1:] for row in runs] == [(True, None), (False, "30"), (False, "30"), (True, None), (True, "30")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--from", "2026-03-08", "--to", "2026-03-08"], "nothing lies between them"),
        (["--from", "2026-03-08T10:30Z"], "no whole hour in UTC"),
        (["--to", "yesterday"], "'yesterday' is not a time"),
        (["--to", "0001-01-01"], "not between the years"),
        (["--from", "0001-01-01+01:00"], "not between the years"),
        (["--to", "9999-12-31T23:00-05:00"], "not between the years"),
    ],
)
def test_wrong_ranges_are_refused(
    ready: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: Sequence[str],
    message: str,
) -> None:
    assert verb(ready, ["reconcile", *words], monkeypatch) == 2
    assert message in capsys.readouterr().err


def test_what_has_not_been_rolled_up_cannot_be_compared(
    history: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verb(history, ["reconcile", "--from", "2026-03-10T12:00Z"], monkeypatch) == 2
    assert "complete through 2026-03-10T12:00:00Z" in capsys.readouterr().err


def test_before_the_first_tick_there_is_nothing_to_compare(
    ready: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verb(ready, ["reconcile"], monkeypatch) == 1
    assert "Nothing has been rolled up yet" in capsys.readouterr().err


def test_comparing_writes_no_rollup_and_no_mark(history: Installation, sql: Sql) -> None:
    untracked(sql, f"delete from api_requests where id = {FIRST}")
    before: Any = digests(sql), sql("select count(*) from pipeline.marks")
    result: Comparison = reconcile(history).found
    assert not result.agrees
    assert (digests(sql), sql("select count(*) from pipeline.marks")) == before
    assert roll(history, NOW).marks == 0


def test_a_day_that_begins_on_a_utc_day_without_anything_is_compared(ready: Installation, sql: Sql) -> None:
    """In Lagos the 9th begins on the 8th, UTC; of its one hour, nothing leads there once its day has gone."""
    sql.tenant()
    sql.request("2026-03-01T12:10:00Z")
    sql.request("2026-03-09T03:10:00Z")
    sql.usage("2026-03-01T12:10:00Z")
    sql.usage("2026-03-09T03:10:00Z")
    run(ready, NOW)
    before = stored(sql)
    for rollup in ("api_daily", "usage_daily"):
        sql(f"delete from rollup.{rollup} where day = '2026-03-09'")
    assert compare(ready, spans(ready.database)).differing == {"api_daily": 1, "usage_daily": 1}
    reconcile(ready, None, None, repair=True)
    assert stored(sql) == before
