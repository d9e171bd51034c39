"""Publishing: what changed and nothing else, in an order that never lists a missing file, true as of what it says."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import BusyError, PermanentError, TransientError
from pipeline.installation import Installation
from pipeline.publish import publisher
from pipeline.publish.keys import address, public_name, tenant_key
from pipeline.publish.publisher import publish, slots_held
from pipeline.publish.status import announce
from pipeline.publish.stores import FileStore
from pipeline.rollups.tick import roll
from pipeline.run import run
from pipeline.settings import load_settings
from tests.conftest import NOW, Sql, dashboard_of, document, published
from tests.contracts import describes

HOUR = timedelta(hours=1)


def stamps(installation: Installation) -> dict[str, tuple[bytes, int]]:
    """All files but status.json: bytes and modification time."""
    root = installation.settings.home / "public"
    return {
        path: (content, (root / path).stat().st_mtime_ns)
        for path, content in published(installation).items()
        if path != "v1/status.json"
    }


def test_the_files_of_one_tenant(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-10T11:59:00Z", endpoint="/v1/chat", duration_ms=81.2)
    sql.request("2026-03-01T10:00:00Z", status_code=500, duration_ms=20)
    sql.usage("2026-03-10T11:59:00Z", amount=90210)
    run(ready, NOW)
    found = dashboard_of(ready)
    assert found["tenant"] == {"id": "t1", "name": "T1", "plan": "pro", "timezone": "Africa/Lagos"}
    assert found["data_through"] == "2026-03-10T12:00:00Z"
    day = found["periods"]["24h"]
    assert (day["start"], day["end"]) == ("2026-03-09T12:00:00Z", "2026-03-10T12:00:00Z")
    assert day["api_usage"] == {"total": 1, "client_errors": 0, "server_errors": 0}
    assert day["ai_tokens"]["by_model"] == {"m-1": {"tokens": 90210, "requests": 1, "avg_tokens_per_request": 90210.0}}
    assert day["response_times"] == {
        "avg_ms": 81.2, "p50_ms": 81.2, "p95_ms": 81.2, "p99_ms": 81.2, "count": 1, "relative_error": 0.01,
    }  # fmt: skip
    month = found["periods"]["30d"]
    assert (month["start"], month["end"]) == ("2026-02-07T23:00:00Z", "2026-03-09T23:00:00Z")
    assert month["error_rates"] == {"total_pct": 100.0, "client_pct": 0.0, "server_pct": 100.0}
    assert [page["path"].split(".")[0] for page in found["pages"]["hourly"]] == [
        "hourly/2026-03-10",
        "hourly/2026-03-01",
    ]
    assert [page["path"].split(".")[0] for page in found["pages"]["daily"]] == ["daily/2026-03"]


def test_every_listed_page_is_there_and_is_what_its_name_says(ready: Installation, sql: Sql) -> None:
    """Trap 12: what is listed is there."""
    sql.tenant()
    for day in range(1, 28):
        sql.request(f"2026-02-{day:02}T10:00:00Z")
        sql.request(f"2026-01-{day:02}T10:00:00Z")
    run(ready, NOW)
    folder = address(ready, "t1").path.rsplit("/", 1)[0]
    found = dashboard_of(ready)
    assert len(found["pages"]["hourly"]) == 36, "35 pages and the index of the older ones"
    index = document(ready, f"{folder}/{found['pages']['hourly'][-1]['path']}")
    assert len(index["pages"]) == 54 - 35
    assert index["pages"][-1]["from"] == "2025-12-31T23:00:00Z"
    for page in [*found["pages"]["hourly"], *found["pages"]["daily"], *index["pages"]]:
        packed = ready.store.get(f"{folder}/{page['path']}")
        assert packed is not None
        assert len(packed) == page["bytes"]
        assert page["path"].split(".")[1] == hashlib.sha256(gzip.decompress(packed)).hexdigest()[:12]


def test_a_repeated_run_writes_nothing_but_status(ready: Installation, sql: Sql) -> None:
    """Trap 3: twice is once."""
    sql.tenant()
    sql.tenant("t2")
    sql.request("2026-03-10T11:59:00Z")
    first = run(ready, NOW)
    before, status = stamps(ready), document(ready, "v1/status.json")
    report = run(ready, NOW)
    assert report.publish.files_written == 0
    assert stamps(ready) == before
    assert document(ready, "v1/status.json")["seq"] > status["seq"] > 0
    assert first.publish.tenants == 2


def test_a_tenant_without_any_row_has_a_dashboard(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    run(ready, NOW)
    found = dashboard_of(ready)["periods"]["7d"]
    assert found["api_usage"]["total"] == 0
    assert found["response_times"]["p95_ms"] is None
    assert found["error_rates"]["total_pct"] is None
    assert found["metrics"][0] == {
        "name": "api_requests",
        "value": 0,
        "unit": "requests",
        "change_pct": None,
        "trend": [0] * 28,
    }


def test_a_tenant_is_published_once_it_appears(ready: Installation, sql: Sql) -> None:
    sql.request("2026-03-09T11:59:00Z")
    run(ready, NOW)
    assert [path for path in published(ready) if "/t/" in path] == []
    sql.tenant()
    run(ready, NOW)
    assert dashboard_of(ready)["periods"]["7d"]["api_usage"]["total"] == 1
    assert len(dashboard_of(ready)["pages"]["hourly"]) == 1


def test_late_rows_a_correction_and_a_deletion_touch_only_their_own(ready: Installation, sql: Sql) -> None:
    """Trap 6: late, corrected, deleted, moved across midnight."""
    for number in range(1, 6):
        sql.tenant(f"t{number}")
        for day in range(1, 10):
            sql.request(f"2026-03-0{day}T10:00:00Z", f"t{number}", endpoint=f"/{number}")
            sql.request(f"2026-03-0{day}T22:30:00Z", f"t{number}")
    run(ready, NOW)
    before = stamps(ready)
    for day in range(1, 9):
        sql.request(f"2026-03-0{day}T11:00:00Z", "t3")
    sql.request("2026-02-01T11:00:00Z", "t3")
    sql.request("2026-02-02T11:00:00Z", "t3")
    sql(
        "update api_requests set created_at = '2026-03-04T23:30:00Z' where tenant_id = 't3' and created_at = '2026-03-04T22:30:00Z'"
    )
    sql("delete from api_requests where tenant_id = 't3' and created_at = '2026-03-09T10:00:00Z'")
    report = run(ready, NOW)
    assert report.rollup.buckets == 13, "ten late hours, the old and the new place, the deleted one"
    mine = f"v1/t/{address(ready, 't3').key}/"
    others = [path for path in before if path.startswith("v1/t/") and not path.startswith(mine)]
    after = stamps(ready)
    assert {path: after[path] for path in others} == {path: before[path] for path in others}
    assert dashboard_of(ready, "t3")["periods"]["30d"]["api_usage"]["total"] == 18 + 8 - 1


def test_a_window_that_moves_past_old_data_is_published(ready: Installation, sql: Sql) -> None:
    """Trap 22: windows that move."""
    sql.tenant()
    sql.request("2026-03-10T11:30:00Z")
    run(ready, NOW)
    totals = []
    for hours in range(1, 75):
        run(ready, NOW + hours * HOUR)
        totals.append(dashboard_of(ready)["periods"]["24h"]["api_usage"]["total"])
    assert totals == [1] * 23 + [0] * 51
    writes = [
        row[0]
        for row in sql("select report ->> 'files_written' from pipeline.runs where verb = 'publish' order by run_id")
    ]
    assert writes[50:58] == ["0"] * 8, "silent for two days: nothing to write every hour"
    assert dashboard_of(ready)["periods"]["7d"]["api_usage"]["total"] == 1


def test_an_hourly_run_gives_the_same_files_as_a_run_from_scratch(ready: Installation, sql: Sql) -> None:
    """Periods of whole days are kept from run to run; they must be what a first publish makes of the same rows."""
    sql.tenant()
    for hour in range(0, 24 * 12, 5):
        sql.request(
            (datetime(2026, 3, 1, tzinfo=UTC) + hour * HOUR).isoformat(), endpoint=f"/{hour % 3}", duration_ms=hour
        )
    for step in range(30):
        run(ready, NOW + step * HOUR)
        if step == 20:
            sql.request("2026-03-05T10:00:00Z", duration_ms=7)
    gradual = dashboard_of(ready)
    sql("update pipeline.progress set documents_version = 'older'")
    run(ready, NOW + 29 * HOUR)
    again = dashboard_of(ready)
    assert again["seq"] == gradual["seq"], "nothing had to be written again"
    sql("update pipeline.files set content_hash = ''")
    sql("update pipeline.progress set documents_version = 'older'")
    run(ready, NOW + 29 * HOUR)
    scratch = dashboard_of(ready)
    assert {**scratch, "seq": 0} == {**gradual, "seq": 0}


def test_a_new_name_and_plan_reach_the_file(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    run(ready, NOW)
    sql("update tenants set name = 'Ọjà <b>', plan = 'free'")
    run(ready, NOW)
    assert dashboard_of(ready)["tenant"]["name"] == "Ọjà <b>"


def test_a_deleted_tenant_loses_its_files_and_gets_no_more(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-10T11:30:00Z")
    run(ready, NOW)
    sql("update tenants set deleted_at = now()")
    run(ready, NOW)
    assert [path for path in published(ready) if "/t/" in path] == []
    sql.request("2026-03-10T10:30:00Z")
    run(ready, NOW)
    assert [path for path in published(ready) if "/t/" in path] == []
    sql("update tenants set deleted_at = null")
    run(ready, NOW)
    assert dashboard_of(ready)["periods"]["24h"]["api_usage"]["total"] == 2


def test_an_unusable_zone_keeps_the_last_good_files_and_is_named_stale(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.tenant("t2")
    sql.request("2026-03-10T11:30:00Z")
    run(ready, NOW)
    before = dashboard_of(ready)
    sql("update tenants set timezone = 'Asia/Kolkata' where id = 't1'")
    sql.request("2026-03-10T12:10:00Z", "t2")
    report = run(ready, NOW + HOUR)
    assert "not whole hours" in report.publish.unusable["t1"]
    assert dashboard_of(ready) == before
    assert document(ready, "v1/status.json")["stale"] == [public_name(address(ready, "t1").key)]
    assert dashboard_of(ready, "t2")["periods"]["24h"]["api_usage"]["total"] == 1
    sql("update tenants set timezone = 'Europe/London' where id = 't1'")
    run(ready, NOW + HOUR)
    assert document(ready, "v1/status.json")["stale"] == []
    assert dashboard_of(ready)["tenant"]["timezone"] == "Europe/London"


class Failing(FileStore):
    """A store that refuses some paths, and notes the order of writing."""

    def __init__(self, inner: FileStore, refused: str) -> None:
        super().__init__(inner.root)
        self.refused = refused
        self.error: type[Exception] = TransientError
        self.order: list[str] = []

    def put(self, path: str, content: bytes, *, cache_control: str, over: str | None = None) -> str:
        if self.refused and self.refused in path:
            raise self.error(f"{path}: SlowDown")
        self.order.append(path)
        return super().put(path, content, cache_control=cache_control, over=over)


def failing(installation: Installation, refused: str) -> Failing:
    assert isinstance(installation.store, FileStore)
    store = Failing(installation.store, refused)
    installation.__dict__["store"] = store
    return store


@pytest.mark.parametrize("error", [TransientError, KeyError])
def test_one_tenants_failure_is_its_own(ready: Installation, sql: Sql, error: type[Exception]) -> None:
    for name in ("t1", "t2"):
        sql.tenant(name)
        sql.request("2026-03-10T10:30:00Z", name)
    run(ready, NOW)
    bad = address(ready, "t1").key
    sql.request("2026-03-10T10:31:00Z", "t1")
    sql.request("2026-03-10T10:31:00Z", "t2")
    store = failing(ready, f"{bad}/hourly")
    store.error = error
    report = run(ready, NOW)
    assert list(report.publish.failures) == ["t1"]
    assert dashboard_of(ready, "t1")["periods"]["24h"]["api_usage"]["total"] == 1
    assert dashboard_of(ready, "t2")["periods"]["24h"]["api_usage"]["total"] == 2
    assert document(ready, "v1/status.json")["stale"] == [public_name(bad)]
    store.refused = ""
    assert run(ready, NOW).publish.failures == {}
    assert dashboard_of(ready, "t1")["periods"]["24h"]["api_usage"]["total"] == 2
    assert document(ready, "v1/status.json")["stale"] == []


def test_pages_are_written_before_the_dashboard_and_status_last(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-01T10:30:00Z")
    sql.request("2026-03-10T10:30:00Z")
    store = failing(ready, "")
    run(ready, NOW)
    names = [path.split("/")[-1].split(".")[0] for path in store.order if not describes(path)]
    assert sorted(names[:6]) == ["2026", "2026", "2026-03", "2026-03", "2026-03-01", "2026-03-10"]
    assert names[6] == "dashboard"
    assert sorted(names[7:-2]) == ["1", "2026-03"], "the platform's tenants and days"
    assert names[-2:] == ["summary", "status"]


def test_seq_goes_on_from_status_json_when_the_database_was_restored(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    run(ready, NOW)
    for _ in range(3):
        run(ready, NOW)
    up = document(ready, "v1/status.json")["seq"]
    sql("update pipeline.progress set seq = 0")
    run(ready, NOW)
    assert document(ready, "v1/status.json")["seq"] > up


def test_going_back_behind_what_is_published_is_refused(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    run(ready, NOW)
    with pytest.raises(PermanentError, match="lies behind"):
        publish(ready, NOW - 2 * HOUR)
    assert sql("select count(*) from pipeline.runs where state = 'failed'") == [(0,)]


def test_two_publishers_never_work_on_one_slot(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    roll(ready, NOW)
    with slots_held(ready.database), pytest.raises(BusyError, match="Another publisher"):
        publish(ready, NOW)
    for shard in range(3):
        publish(ready, NOW, shard=shard, shards=3)
    assert announce(ready, NOW).stale == []
    assert dashboard_of(ready)["seq"] > 0


def test_announcing_publishes_what_is_left(ready: Installation, sql: Sql) -> None:
    """A tick may queue a tenant while others are published: status.json then waits for it, and no run for another."""
    sql.tenant()
    roll(ready, NOW)
    assert announce(ready, NOW).published == 1
    assert dashboard_of(ready)["seq"] > 0
    assert document(ready, "v1/status.json")["stale"] == []


def test_keys_tell_tenants_and_generations_apart() -> None:
    secret = b"s" * 32
    keys = {
        tenant_key(secret, name, generation)
        for name in ("1", "10", "../", "1:1", "a", "A")
        for generation in (1, 2, 11)
    }
    assert len(keys) == 18
    assert all(len(key) == 32 and key.isalnum() for key in keys)


def test_many_endpoints_and_models_are_ranked_ties_by_name(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    for number in range(14):
        sql.request("2026-03-10T10:30:00Z", endpoint=f"/{number:02}")
        sql.usage("2026-03-10T10:30:00Z", quota_type=f"ai_tokens_m{number:02}", amount=10)
    sql.request("2026-03-10T10:30:00Z", endpoint="/13")
    sql.usage("2026-03-10T10:30:00Z", quota_type="storage_gb", amount="1.5")
    run(ready, NOW)
    day = dashboard_of(ready)["periods"]["24h"]
    assert [each["endpoint"] for each in day["top_endpoints"]] == ["/13", *(f"/{number:02}" for number in range(9))]
    assert list(day["ai_tokens"]["by_model"]) == [f"m{number:02}" for number in range(10)]
    assert day["ai_tokens"]["total"] == 140
    assert day["other_usage"] == [{"quota_type": "storage_gb", "amount": 1.5, "records": 1}]


def test_a_publish_behind_the_tick_leaves_the_rest_to_the_next(ready: Installation, sql: Sql) -> None:
    for name in ("t1", "t2"):
        sql.tenant(name)
    sql.request("2026-03-10T09:30:00Z", "t1")
    run(ready, NOW - HOUR)
    sql.request("2026-03-10T11:30:00Z", "t1")
    sql.request("2026-03-10T11:30:00Z", "t2")
    roll(ready, NOW)
    publish(ready, NOW - HOUR)
    announce(ready, NOW - HOUR)
    assert dashboard_of(ready, "t2")["periods"]["24h"]["api_usage"]["total"] == 0
    run(ready, NOW)
    for name, hours in (("t1", 2), ("t2", 1)):
        found = dashboard_of(ready, name)
        assert found["periods"]["24h"]["api_usage"]["total"] == hours
        page = document(ready, f"v1/t/{address(ready, name).key}/{found['pages']['hourly'][0]['path']}")
        assert sum(page["requests"]) == hours


def test_other_usage_leaves_its_windows_too(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.usage("2026-03-10T11:30:00Z", quota_type="storage_gb", amount=5)
    run(ready, NOW)
    assert len(dashboard_of(ready)["periods"]["24h"]["other_usage"]) == 1
    run(ready, NOW + 30 * HOUR)
    assert dashboard_of(ready)["periods"]["24h"]["other_usage"] == []
    assert len(dashboard_of(ready)["periods"]["7d"]["other_usage"]) == 1
    run(ready, NOW + 40 * 24 * HOUR)
    assert dashboard_of(ready)["periods"]["30d"]["other_usage"] == []


def test_another_store_another_secret_and_another_currency_reach_every_file(
    ready: Installation, sql: Sql, tmp_path: Path
) -> None:
    sql.tenant()
    sql.request("2026-03-10T11:30:00Z")
    run(ready, NOW)
    for changed in (
        {"store_url": (tmp_path / "elsewhere").as_uri()},
        {"secret": "f" * 32},
        {"currency": "USD"},
    ):
        other = Installation(replace(ready.settings, **changed))
        run(other, NOW)
        found = dashboard_of(other)
        assert found["currency"] == other.settings.currency
        for page in [*found["pages"]["hourly"], *found["pages"]["daily"]]:
            assert other.store.get(f"v1/t/{address(other, 't1').key}/{page['path']}")
        before = stamps(other)
        assert run(other, NOW).publish.files_written == 0
        assert stamps(other) == before


def test_what_was_changed_meanwhile_is_not_noted_as_published(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick moves the tenant to another zone while its files are being written."""
    sql.tenant()
    sql.request("2026-03-08T23:30:00Z")
    sql.request("2026-03-10T11:30:00Z")
    run(ready, NOW)
    sql.request("2026-03-10T11:40:00Z")
    roll(ready, NOW)
    put = FileStore.put

    def rezoning(self: FileStore, path: str, content: bytes, **how: Any) -> str:
        version = put(self, path, content, **how)
        if path.endswith("dashboard.json"):
            monkeypatch.undo()
            sql("update tenants set timezone = 'America/New_York'")
            roll(ready, NOW)
        return version

    monkeypatch.setattr(FileStore, "put", rezoning)
    publish(ready, NOW)
    announce(ready, NOW)
    found = dashboard_of(ready)
    assert found["tenant"]["timezone"] == "America/New_York"
    assert [page["path"].split(".")[0] for page in found["pages"]["hourly"]] == [
        "hourly/2026-03-10",
        "hourly/2026-03-08",
    ]


@pytest.mark.parametrize(
    ("database", "store", "says"),
    [
        (None, "s3://bucket/prefix", "what is in the embedded database goes to s3://bucket/prefix"),
        (None, "file:///srv/public", ""),
        ("postgresql://host/saas", "s3://bucket", ""),
    ],
)
def test_a_trial_that_goes_to_a_bucket_is_said(
    database: str | None, store: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"TENANTCAST_HOME": str(tmp_path), "TENANTCAST_STORE_URL": store, "TENANTCAST_SECRET": "s" * 32}
    given |= {"TENANTCAST_DATABASE_URL": database} if database else {}
    publisher.say_where(Installation(load_settings(given)))
    said = capsys.readouterr().err
    assert says in said
    assert bool(said) == bool(says)


def test_a_publisher_that_lost_its_slots_writes_no_more(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 5: a slow publisher comes back after a newer one."""
    sql.tenant()
    sql.request("2026-03-10T09:30:00Z")
    roll(ready, NOW - HOUR)
    planned = publisher.plan

    def losing(*given: object) -> None:
        planned(*given)  # type: ignore[arg-type]
        monkeypatch.undo()
        sql.cut_publishers()
        sql.request("2026-03-10T11:30:00Z")
        run(ready, NOW)

    monkeypatch.setattr(publisher, "plan", losing)
    with pytest.raises(TransientError):
        publish(ready, NOW - HOUR)
    assert dashboard_of(ready)["periods"]["24h"]["api_usage"]["total"] == 2
    assert run(ready, NOW).publish.files_written == 0


def test_a_file_that_a_killed_run_left_goes_with_its_tenant(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql.tenant()
    sql.request("2026-03-10T09:30:00Z")
    roll(ready, NOW)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(publisher, "record", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(ready, NOW)
    sql.request("2026-03-10T09:40:00Z")
    run(ready, NOW)
    sql("update tenants set deleted_at = now()")
    run(ready, NOW)
    assert [path for path in published(ready) if "/t/" in path] == []


def test_files_that_cannot_be_deleted_stop_nobody_else(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("t1", "t2"):
        sql.tenant(name)
        sql.request("2026-03-10T10:30:00Z", name)
    run(ready, NOW)
    sql("update tenants set deleted_at = now() where id = 't1'")
    sql.request("2026-03-10T10:31:00Z", "t2")

    def refused(_self: FileStore, path: str) -> None:
        raise TransientError(f"{path}: 503")

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "delete", refused)
        assert list(run(ready, NOW).publish.failures) == ["t1"]
    assert dashboard_of(ready, "t2")["periods"]["24h"]["api_usage"]["total"] == 2
    run(ready, NOW)
    assert len({path.split("/")[2] for path in published(ready) if "/t/" in path}) == 1


def test_a_run_without_a_time_never_goes_back(ready: Installation, sql: Sql) -> None:
    """Trap 18: another run, on a machine whose clock is ahead or a moment later, has gone further: that is no error."""
    sql.tenant()
    ahead = datetime.now(UTC) + 3 * HOUR
    run(ready, ahead)
    report = run(ready)
    assert report.busy == []
    assert report.status.data_through == ahead.replace(minute=0, second=0, microsecond=0)
