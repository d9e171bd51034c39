"""Reconcile, the files' side: whatever was done to a file in the store is found, named and put right; nothing else is."""

from __future__ import annotations

import gzip
import json
import os
import random
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.contract.documents import DOCUMENTS
from pipeline.errors import BusyError, PermanentError
from pipeline.installation import Installation
from pipeline.publish import publisher
from pipeline.publish.due import STATUS
from pipeline.publish.keys import address
from pipeline.publish.publisher import publish, slots_held
from pipeline.publish.status import announce
from pipeline.publish.stores import FileStore
from pipeline.reconcile import files, strays
from pipeline.reconcile.files import compare_files, repair_files
from pipeline.rollups.tick import roll
from pipeline.run import run
from tests.buckets import Bucket
from tests.conftest import (
    NOW,
    Contents,
    Databases,
    Sql,
    address_of,
    dashboard_of,
    document,
    installation_on,
    on,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def fill(_ready: Installation, sql: Sql) -> None:
    """One tenant with rows on some days, one on many, one silent for weeks, and one that never had any."""
    for tenant in ("t1", "t2", "t3", "t4"):
        sql.tenant(tenant)
    for tenant, days in (("t1", range(0, 19, 3)), ("t2", range(37))):
        for day in days:
            at = (NOW - HOUR - day * DAY).isoformat()
            sql.request(at, tenant, endpoint=f"/{day % 3}", duration_ms=day * 7)
            sql.usage(at, tenant, amount=100 + day)
    for day in range(1, 9):
        sql.request(f"2026-02-0{day}T10:15:00Z", "t3", status_code=500)


both_stores = pytest.mark.parametrize("up", ["file", "s3"], indirect=True)


def fill_and_publish(ready: Installation, sql: Sql) -> None:
    """The same with all files up."""
    fill(ready, sql)
    run(ready, NOW)


@pytest.fixture
def contents(request: pytest.FixtureRequest) -> Contents | None:
    """Made once for all tests that begin with it; a bucket is filled anew for each."""
    if "up" not in request.fixturenames:
        return None
    given = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    return fill if given.get("up") == "s3" else fill_and_publish


@pytest.fixture
def up(request: pytest.FixtureRequest, ready: Installation, sql: Sql) -> Installation:
    """An installation with all its files up, in a folder, or in a bucket."""
    if getattr(request, "param", "file") == "file":
        return ready
    installation = on(ready, f"s3://{request.getfixturevalue('bucket').name}/some/prefix")
    run(installation, NOW)
    return installation


def held(installation: Installation) -> dict[str, bytes]:
    """All files of the store but status.json, as bytes."""
    found = {}
    for path in installation.store.list("v1"):
        content = installation.store.get(path)
        assert content is not None
        found[path] = content
    found.pop("v1/status.json", None)
    return found


def without_seq(contents: dict[str, bytes]) -> dict[str, Any]:
    """The same with dashboards as documents, their number apart."""
    plain: dict[str, Any] = dict(contents)
    for path, content in contents.items():
        if path.endswith("dashboard.json"):
            plain[path] = json.loads(gzip.decompress(content)) | {"seq": 0}
    return plain


def folder_of(installation: Installation, tenant: str) -> str:
    return address(installation, tenant).path.rsplit("/", 1)[0]


def page_of(installation: Installation, tenant: str, kind: str = "hourly", place: int = 0) -> str:
    listed = dashboard_of(installation, tenant)["pages"][kind]
    return f"{folder_of(installation, tenant)}/{listed[place]['path']}"


def put(installation: Installation, path: str, content: bytes) -> None:
    installation.store.put(path, content, cache_control="public")


def found(installation: Installation, tenants: list[str] | None = None) -> set[tuple[str | None, str, str]]:
    """What a comparison names: tenant, kind/page, what."""
    report = compare_files(installation, tenants)
    assert report.total == len(report.differences)
    return {(each.tenant_id, f"{each.kind}/{each.page}".rstrip("/"), each.what) for each in report.differences}


def mend(installation: Installation) -> None:
    """Compare, repair, publish."""
    repair_files(installation, compare_files(installation))
    report = run(installation, NOW)
    assert report.publish.failures == {}


def edited(installation: Installation, path: str, edit: Callable[[dict[str, Any]], None]) -> bytes:
    """A published document with something changed, packed as it was."""
    parsed = document(installation, path)
    edit(parsed)
    return gzip.compress(json.dumps(parsed).encode(), mtime=0)


# Nothing differs


@both_stores
def test_what_has_just_been_published_differs_in_nothing(up: Installation) -> None:
    report = compare_files(up)
    assert report.to_json() | {"bytes": 0} == {
        "data_through": "2026-03-10T12:00:00Z",
        "tenants": 4,
        "files": len(held(up)),
        "bytes": 0,
        "waiting": 0,
        "drafts": 0,
        "found": {},
        "differences": [],
    }
    assert report.bytes == sum(map(len, held(up).values()))
    platform = 1 + 2 + 1  # the summary, two months, the tenants
    contract = len(DOCUMENTS) + 1  # a schema each, and the types
    assert report.files == 4 + (7 + 2 + 2 + 2) + (37 + 1 + 2 + 2 + 2) + (8 + 1 + 1 + 2) + platform + contract


def test_before_anything_is_published_all_wait(ready: Installation, sql: Sql) -> None:
    fill(ready, sql)
    assert compare_files(ready).to_json()["tenants"] == 0
    roll(ready, NOW)
    report = compare_files(ready)
    assert (report.tenants, report.waiting, report.total) == (4, 4, 0)


@both_stores
def test_what_is_rolled_up_and_not_yet_published_is_no_difference(up: Installation, sql: Sql) -> None:
    sql.request("2026-02-20T10:15:00Z", "t1")
    sql.request("2026-03-10T12:15:00Z", "t2")
    assert found(up) == set(), "not even rolled up"
    roll(up, NOW + HOUR)
    report = compare_files(up)
    assert (report.total, report.waiting) == (0, 2)
    publish(up, NOW + HOUR)
    assert compare_files(up).total == 0, "status.json is still that of the hour before"
    announce(up, NOW + HOUR)
    report = compare_files(up)
    assert (report.total, report.waiting) == (0, 0)


def test_a_waiting_tenant_is_still_compared_with_the_ledger(up: Installation, sql: Sql) -> None:
    sql.request("2026-02-20T10:15:00Z", "t1")
    roll(up, NOW)
    up.store.delete(page_of(up, "t1"))
    report = compare_files(up)
    assert report.waiting == 1
    assert [each.what for each in report.differences] == ["missing in the store"]


def test_windows_that_move_past_old_data_are_no_difference(up: Installation, sql: Sql) -> None:
    """Silent tenants keep files of long ago, whose numbers hold all the same."""
    for hours in (1, 5, 12, 25, 49, 80, 24 * 20, 24 * 95, 24 * 200, 24 * 400):
        run(up, NOW + hours * HOUR)
        report = compare_files(up)
        assert (report.total, report.waiting) == (0, 0), hours
    through = sql("select distinct published_through from pipeline.tenant_state order by 1")
    assert len(through) > 1, "none was published but when its numbers changed"


def test_every_run_of_random_days_leaves_nothing_that_differs(
    databases: Databases, template: str, tmp_path: Path
) -> None:
    zones = (None, "America/New_York", "Pacific/Auckland", "Atlantic/Azores")
    for seed in range(3):
        chance = random.Random(seed)
        installation = installation_on(databases.make(template), tmp_path / str(seed))
        with psycopg.connect(address_of(installation), autocommit=True) as connection:
            sql, now = Sql(connection), NOW
            for number in range(5):
                sql.tenant(f"t{number}", timezone=chance.choice(zones))
            for _ in range(5):
                for _ in range(chance.randint(0, 40)):
                    at = now - chance.choice((HOUR, DAY, 60 * DAY)) * chance.random() * 2
                    tenant = f"t{chance.randint(0, 5)}"
                    if chance.random() < 0.7:
                        sql.request(
                            at.isoformat(),
                            tenant,
                            endpoint=f"/{chance.randint(0, 12)}",
                            duration_ms=chance.random() * 900,
                        )
                    else:
                        sql.usage(
                            at.isoformat(), tenant, quota_type=chance.choice(("ai_tokens_a", "ai_tokens_b", "gb"))
                        )
                if chance.random() < 0.5:
                    sql("delete from api_requests where id %% %s = 0", chance.randint(2, 5))
                if chance.random() < 0.3:
                    sql("update tenants set timezone = %s where id = 't2'", chance.choice(zones))
                run(installation, now)
                report = compare_files(installation)
                assert (report.to_json()["differences"], report.waiting) == ([], 0), (seed, now)
                now += chance.choice((HOUR, 3 * HOUR, DAY, 40 * DAY))
        installation.database.engine.dispose()


def test_a_deleted_tenant_has_no_file_and_that_is_right(up: Installation, sql: Sql) -> None:
    sql("update tenants set deleted_at = now() where id = 't1'")
    roll(up, NOW)
    assert found(up) == set()
    run(up, NOW)
    report = compare_files(up)
    assert (report.total, report.waiting) == (0, 0)


def test_an_unusable_zone_waits(up: Installation, sql: Sql) -> None:
    sql("update tenants set timezone = 'Asia/Kolkata' where id = 't1'")
    run(up, NOW)
    report = compare_files(up)
    assert (report.total, report.waiting) == (0, 1)


def test_new_code_makes_all_wait(up: Installation, sql: Sql) -> None:
    sql(
        "update pipeline.progress set documents_version = 'older' || substring(documents_version from position(':' in documents_version))"
    )
    sql("update rollup.api_daily set requests = requests + 1")
    report = compare_files(up)
    assert (report.total, report.waiting) == (0, 4)


def test_files_that_lie_elsewhere_are_not_judged(up: Installation, tmp_path: Path) -> None:
    other = on(up, (tmp_path / "elsewhere").as_uri())
    with pytest.raises(PermanentError, match="another store, or under the keys of another secret"):
        compare_files(other)
    run(other, NOW)
    assert compare_files(other).total == 0


# Something differs


def flip(content: bytes) -> bytes:
    """One bit in the middle."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("spoil", [flip, lambda content: content[:-20], lambda content: b"", lambda content: b"[]"])
def test_an_altered_file_is_named_and_put_right(up: Installation, spoil: Callable[[bytes], bytes]) -> None:
    before = held(up)
    for path in (address(up, "t1").path, page_of(up, "t2"), page_of(up, "t2", "daily")):
        put(up, path, spoil(before[path]))
    expected = {("t1", "dashboard", "altered in the store"), ("t2", "hourly/2026-03-10", "altered in the store")}
    assert found(up) == expected | {("t2", "daily/2026-03", "altered in the store")}
    mend(up)
    assert found(up) == set()
    assert without_seq(held(up)) == without_seq(before)


@both_stores
def test_deleted_files_are_named_and_come_back(up: Installation) -> None:
    before = held(up)
    up.store.delete(address(up, "t1").path)
    up.store.delete(page_of(up, "t2", place=3))
    up.store.delete(page_of(up, "t2", place=-1))
    assert found(up) == {
        ("t1", "dashboard", "missing in the store"),
        ("t2", "hourly/2026-03-07", "missing in the store"),
        ("t2", "hourly/index", "missing in the store"),
    }
    mend(up)
    assert found(up) == set()
    assert without_seq(held(up)) == without_seq(before)


@both_stores
def test_another_tenants_file_is_no_replacement(up: Installation) -> None:
    before = held(up)
    put(up, page_of(up, "t1", "daily"), before[page_of(up, "t2", "daily")])
    put(up, address(up, "t1").path, before[address(up, "t2").path])
    altered = "altered in the store"
    assert found(up) == {("t1", "dashboard", altered), ("t1", "daily/2026-03", altered)}
    assert found(up, ["t2", "t3"]) == set()
    mend(up)
    assert without_seq(held(up)) == without_seq(before)


def test_a_dashboard_of_before_is_altered_and_seq_goes_on(up: Installation, sql: Sql) -> None:
    path = address(up, "t1").path
    old = up.store.get(path)
    assert old is not None
    sql.request("2026-03-05T11:00:00Z", "t1")
    run(up, NOW)
    newer = document(up, path)
    put(up, path, old)
    assert found(up) == {("t1", "dashboard", "altered in the store")}
    mend(up)
    again = document(up, path)
    assert again["seq"] > newer["seq"]
    assert again["periods"] == newer["periods"]


@pytest.mark.parametrize("seq", [10**6, -1, 2**70, "7", None])
def test_a_number_that_was_never_given_is_found_and_never_gone_behind(up: Installation, seq: Any) -> None:
    path = address(up, "t1").path
    put(up, path, edited(up, path, lambda parsed: parsed.update(seq=seq)))
    assert found(up) == {("t1", "dashboard", "altered in the store")}
    mend(up)
    assert found(up) == set()
    assert document(up, path)["seq"] > (10**6 if seq == 10**6 else 0)


def test_a_rollup_row_edited_by_hand_differs_from_the_files(up: Installation, sql: Sql) -> None:
    sql("update rollup.api_hourly set requests = 77 where tenant_id = 't1' and bucket_start = '2026-02-20T11:00:00Z'")
    sql("update rollup.usage_daily set amount = amount + 1 where tenant_id = 't2' and day = '2026-02-20'")
    sql("delete from rollup.api_hourly where tenant_id = 't3' and bucket_start = '2026-02-03T10:00:00Z'")
    differs = "differs from the rollups"
    assert found(up) == {
        ("t1", "hourly/2026-02-20", differs),
        ("t1", "dashboard", differs),
        ("t2", "daily/2026-02", differs),
        ("t2", "weekly/2026", differs),
        ("t2", "monthly/2026", differs),
        ("t2", "dashboard", differs),
        ("t3", "hourly/2026-02-03", "should be gone"),
        ("t3", "dashboard", differs),
    }
    mend(up)
    assert found(up) == set(), "the files follow the rollups; those are compared with raw rows elsewhere"
    page = next(page for page in dashboard_of(up, "t1")["pages"]["hourly"] if "2026-02-20" in page["path"])
    assert sum(document(up, f"{folder_of(up, 't1')}/{page['path']}")["requests"]) == 77


def test_an_hour_that_no_file_shows_should_be_there(up: Installation, sql: Sql) -> None:
    sql(
        """insert into rollup.api_hourly select 't4', bucket_start, endpoint, requests, client_errors, server_errors,
        duration_ms_sum, duration_ms_min, duration_ms_max, duration_count, duration_sketch
        from rollup.api_hourly where tenant_id = 't3'"""
    )
    sql(
        """insert into rollup.api_daily select 't4', day, endpoint, requests, client_errors, server_errors,
        duration_ms_sum, duration_ms_min, duration_ms_max, duration_count, duration_sketch
        from rollup.api_daily where tenant_id = 't3'"""
    )
    named = found(up)
    assert ("t4", "daily/2026-02", "should be there") in named
    assert ("t4", "hourly/2026-02-08", "should be there") in named
    mend(up)
    assert found(up) == set()


def test_a_file_that_the_ledger_has_lost(up: Installation, sql: Sql) -> None:
    before = held(up)
    sql("delete from pipeline.files where tenant_id = 't1' and page = '2026-03-10'")
    sql("update pipeline.files set superseded_at = now() where tenant_id = 't2' and page = '2026-03-10'")
    sql("delete from pipeline.files where tenant_id = 't3' and kind = 'dashboard'")
    assert found(up) == {
        ("t1", "hourly/2026-03-10", "should be there"),
        ("t1", "hourly/2026-03-10", "not in the ledger"),
        ("t2", "hourly/2026-03-10", "should be there"),
        ("t3", "dashboard", "should be there"),
        ("t3", "dashboard", "not in the ledger"),
    }
    repair_files(up, compare_files(up))
    assert up.store.get(page_of(up, "t1")), "it is listed: it stays"
    dashboard = up.store.get(address(up, "t1").path)
    put(up, address(up, "t1").path, b"")
    repair_files(up, compare_files(up))
    put(up, address(up, "t1").path, dashboard or b"")
    assert up.store.get(page_of(up, "t1")), "nobody can say what is listed"
    run(up, NOW)
    assert found(up) == set()
    assert without_seq(held(up)) == without_seq(before)


def test_a_listed_page_that_is_neither_there_nor_in_the_ledger(up: Installation, sql: Sql) -> None:
    path = page_of(up, "t1")
    up.store.delete(path)
    sql("delete from pipeline.files where path = %s", path)
    sql("insert into pipeline.queue (tenant_id, data_through) select 't1', published_through from pipeline.progress")
    assert found(up) == {("t1", "hourly/2026-03-10", "missing in the store")}
    mend(up)
    assert found(up) == set()
    assert up.store.get(path)


@both_stores
def test_strays_are_named_without_a_key_and_taken_away(up: Installation) -> None:
    before = held(up)
    mine, nobodys = folder_of(up, "t1"), "f" * 32
    strays = [f"{mine}/hourly/2020-01-01.0123456789ab.json", f"{mine}/copy.json", f"v1/t/{nobodys}/dashboard.json"]
    strays += [f"v1/t/{nobodys}/hourly/2020-01-01.0123456789ab.json", f"v1/t/{mine.rsplit('/', 1)[1]}.json"]
    for path in strays:
        put(up, path, b"any")
    put(up, "v1/notes/of-somebody.json", b"not a tenant's")
    unknown = "not in the ledger"
    report = compare_files(up)
    assert report.found == {unknown: 5}
    assert {each.tenant_id for each in report.differences} == {"t1", None}
    said = json.dumps(report.to_json(), ensure_ascii=False) + repr(report)
    for key in (nobodys, *(address(up, tenant).key for tenant in ("t1", "t2", "t3", "t4"))):
        assert key not in said
    assert [each.what for each in compare_files(up, ["t1"]).differences] == [unknown] * 2
    mend(up)
    assert up.store.get("v1/notes/of-somebody.json") == b"not a tenant's"
    up.store.delete("v1/notes/of-somebody.json")
    assert held(up) == before


def test_superseded_files_are_known_and_stay(up: Installation, sql: Sql) -> None:
    before = page_of(up, "t1")
    sql.request("2026-03-10T10:00:00Z", "t1")
    run(up, NOW)
    assert page_of(up, "t1") != before
    assert found(up) == set()
    mend(up)
    assert up.store.get(before)


@both_stores
def test_files_of_a_deleted_tenant_should_be_gone(up: Installation, sql: Sql) -> None:
    sql("update tenants set deleted_at = now() where id = 't1'")
    roll(up, NOW)
    sql("delete from pipeline.queue")
    report = compare_files(up)
    assert report.found["should be gone"] == report.total == 14
    mend(up)
    assert found(up) == set()
    assert not [path for path in held(up) if path.startswith(folder_of(up, "t1"))]


# status.json


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (None, "status.json is missing"),
        (b"not gzip", "status.json cannot be read"),
        (gzip.compress(b"[]", mtime=0), "status.json cannot be read"),
        (
            gzip.compress(b'{"seq": 1, "data_through": "2026-03-10T11:00:00Z"}', mtime=0),
            "status.json has another data_through",
        ),
        (
            gzip.compress(b'{"seq": 99999, "data_through": "2026-03-10T12:00:00Z"}', mtime=0),
            "status.json has a seq that this",
        ),
    ],
)
def test_status_json_is_compared_and_put_right(up: Installation, spoiled: bytes | None, said: str) -> None:
    if spoiled is None:
        up.store.delete("v1/status.json")
    else:
        put(up, "v1/status.json", spoiled)
    report = compare_files(up)
    assert [each.what.startswith(said) for each in report.differences] == [True]
    mend(up)
    assert found(up) == set()
    assert document(up, "v1/status.json")["seq"] > (99999 if "seq" in said else 0)


@both_stores
@pytest.mark.parametrize(
    "forged",
    [
        {"schema": 9},
        {"published_at": "2020-01-01T00:00:00Z"},
        {"next_expected_at": "2099-01-01T00:00:00Z"},
        {"stale": ["deadbeef"]},
        {"more": 1},
        {},  # the same, packed by somebody else
    ],
)
def test_any_field_of_status_json_that_was_forged_is_found(up: Installation, forged: dict[str, Any]) -> None:
    put(up, STATUS, edited(up, STATUS, lambda parsed: parsed.update(forged)))
    assert found(up) == {(None, "status", "status.json is not as this database wrote it")}
    mend(up)
    assert found(up) == set()


def test_a_status_json_of_before_is_found_and_that_of_a_killed_run_is_right(
    up: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = up.store.get(STATUS) or b""
    writing = up.store.put

    def killed(path: str, content: bytes, **how: Any) -> str:
        if written:
            writing(path, content, **how)
        raise KeyboardInterrupt

    for written in (True, False):
        with monkeypatch.context() as patched:
            patched.setattr(up.store, "put", killed)
            with pytest.raises(KeyboardInterrupt):
                announce(up, NOW)
        assert (up.store.get(STATUS) != before) == written
        assert found(up) == set()
        announce(up, NOW)
        newer, before = before, up.store.get(STATUS) or b""
        put(up, STATUS, newer)
        assert found(up) == {(None, "status", "status.json is not as this database wrote it")}
        put(up, STATUS, before)


# Second names


def _led_elsewhere(second: Path, other: Path) -> None:
    second.unlink()
    second.symlink_to(other)


def _a_file(second: Path, other: Path) -> None:
    second.unlink()
    second.write_bytes(other.read_bytes())


SPOILT_NAMES = [_led_elsewhere, _a_file, lambda second, _: second.unlink()]


@pytest.mark.parametrize("spoil", SPOILT_NAMES)
def test_a_second_name_that_leads_elsewhere_is_found_and_put_right(
    up: Installation, spoil: Callable[[Path, Path], None]
) -> None:
    before, root = held(up), up.settings.home / "public"
    paths = [address(up, "t1").path, page_of(up, "t2"), STATUS]
    for path in paths:
        spoil(root / f"{path}.gz", root / address(up, "t3").path)
    misnamed = "its second name, .gz, does not lead to it"
    named = {("t1", "dashboard", misnamed), ("t2", "hourly/2026-03-10", misnamed)}
    assert found(up) == named | {(None, "status", f"status.json: {misnamed}")}
    mend(up)
    assert found(up) == set()
    assert [str((root / f"{path}.gz").readlink()) for path in paths] == [Path(path).name for path in paths]
    assert without_seq(held(up)) == without_seq(before)
    assert compare_files(up).drafts == 0


@pytest.mark.parametrize("spoil", SPOILT_NAMES)
def test_each_write_puts_the_second_name_right(tmp_path: Path, spoil: Callable[[Path, Path], None]) -> None:
    store, second = FileStore(tmp_path), tmp_path / "v1" / "a.json.gz"
    for content in (b"1", b"2"):
        store.put("v1/a.json", content, cache_control="")
        store.put("v1/b.json", b"another's", cache_control="")
        assert second.readlink() == Path("a.json")
        assert second.read_bytes() == content
        spoil(second, tmp_path / "v1" / "b.json")
        assert not store.has_second_name("v1/a.json")
    assert sorted(store.list("v1")) == ["v1/a.json", "v1/b.json"]


def test_a_second_name_without_a_first_is_a_stray(up: Installation) -> None:
    root, stray = up.settings.home / "public", f"{folder_of(up, 't1')}/copy.json.gz"
    (root / stray).symlink_to(root / address(up, "t2").path)
    assert [each.what for each in compare_files(up).differences] == ["not in the ledger"]
    mend(up)
    assert not (root / stray).is_symlink()
    assert found(up) == set()


def test_nothing_is_taken_away_while_another_database_publishes_there(up: Installation, sql: Sql) -> None:
    stray = f"{folder_of(up, 't1')}/hourly/2020-01-01.0123456789ab.json"
    put(up, stray, b"any")
    sql("update pipeline.progress set seq = 1")
    repair_files(up, compare_files(up))
    assert up.store.get(stray), "the database was restored, or is another one"
    run(up, NOW)
    mend(up)
    assert not up.store.get(stray)
    assert found(up) == set()


# Repairing


def test_repairing_twice_is_repairing_once(up: Installation) -> None:
    before = held(up)
    put(up, page_of(up, "t1"), b"")
    up.store.delete(address(up, "t2").path)
    report = compare_files(up)
    repair_files(up, report)
    repair_files(up, report)
    run(up, NOW)
    once = held(up)
    repair_files(up, report)
    assert run(up, NOW).publish.files_written == 0
    assert held(up) == once
    assert without_seq(once) == without_seq(before)


def test_a_repair_rewrites_only_what_was_wrong(up: Installation) -> None:
    put(up, page_of(up, "t1"), b"")
    repair_files(up, compare_files(up))
    report = run(up, NOW).publish
    assert (report.tenants, report.files_written) == (1, 1)


def test_a_file_that_is_right_again_stays(up: Installation) -> None:
    """What was published between the comparison and the repair is judged anew."""
    path = page_of(up, "t1")
    right = up.store.get(path)
    assert right is not None
    put(up, path, b"")
    report = compare_files(up)
    put(up, path, right)
    repair_files(up, report)
    assert run(up, NOW).publish.files_written == 0


def test_drafts_are_counted_and_go_after_an_hour(up: Installation) -> None:
    root = up.settings.home / "public" / folder_of(up, "t1")
    young, old = root / ".draft-young", root / ".draft-old"
    for draft in (young, old):
        draft.write_bytes(b"half")
    os.utime(old, (time.time() - 4000,) * 2)
    report = compare_files(up)
    assert (report.drafts, report.total) == (2, 0)
    repair_files(up, report)
    assert (young.exists(), old.exists()) == (True, False)


def test_pages_of_hours_that_are_no_longer_kept_are_gone(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    for at in ("2025-01-15T10:00:00Z", "2025-02-01T10:00:00Z", "2025-03-15T10:00:00Z"):
        sql.request(at)
    run(ready, NOW - 30 * DAY)
    before = held(ready)
    assert roll(ready, NOW).partitions_dropped
    assert (found(ready), compare_files(ready).waiting) == (set(), 1)
    run(ready, NOW)
    pages = dashboard_of(ready)["pages"]
    assert [page["path"].split(".")[0] for page in pages["hourly"]] == ["hourly/2025-03-15"]
    assert [page["path"].split(".")[0] for page in pages["daily"]] == [
        "daily/2025-03",
        "daily/2025-02",
        "daily/2025-01",
    ]
    assert set(before) <= set(held(ready)), "a dashboard that is cached still lists them"
    assert (found(ready), compare_files(ready).waiting) == (set(), 0)
    assert run(ready, NOW).publish.files_written == 0


def test_pages_of_days_that_are_no_longer_kept_are_gone(databases: Databases, template: str, tmp_path: Path) -> None:
    """Also where the year ends after it does in UTC, and of a tenant for which nothing else is due."""
    installation = installation_on(
        databases.make(template),
        tmp_path,
        TENANTCAST_DAILY_RETENTION_DAYS="400",
        TENANTCAST_HOURLY_RETENTION_DAYS="200",
    )
    with psycopg.connect(address_of(installation), autocommit=True) as connection:
        sql = Sql(connection)
        sql.tenant(timezone="America/New_York")
        for at in ("2024-12-31T10:00:00Z", "2025-01-15T10:00:00Z"):
            sql.request(at)
        run(installation, NOW - 60 * DAY)
        assert "api_daily_2024" in run(installation, NOW).rollup.partitions_dropped
        pages = dashboard_of(installation)["pages"]["daily"]
        assert [page["path"].split(".")[0] for page in pages] == ["daily/2025-01"]
        report = compare_files(installation)
        assert (report.to_json()["differences"], report.waiting) == ([], 0)


# Publishers at work


def test_no_publisher_is_held_up_while_nothing_differs(up: Installation) -> None:
    with slots_held(up.database):
        assert compare_files(up).total == 0


def test_while_a_publisher_is_at_work_nothing_is_called_a_difference(
    up: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "PATIENCE", 0.3)
    up.store.delete(page_of(up, "t1"))
    with slots_held(up.database), pytest.raises(BusyError, match="Reconcile again once it is done"):
        compare_files(up)
    report = compare_files(up)
    with slots_held(up.database), pytest.raises(BusyError, match="Reconcile again once it is done"):
        repair_files(up, report)
    assert report.total == 1


def test_a_publish_in_the_middle_of_a_comparison_is_no_difference(
    up: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes after the ledger was read and before the files are."""
    look, runs = files._look_at_files, []

    def overtaken(*given: Any) -> Any:
        if not runs:
            runs.append(1)
            sql.request("2026-03-10T11:20:00Z", "t1")
            sql("update tenants set deleted_at = now() where id = 't2'")
            run(up, NOW + HOUR)
        return look(*given)

    monkeypatch.setattr(files, "_look_at_files", overtaken)
    assert compare_files(up).total == 0
    assert runs


def test_files_of_a_tenant_that_is_deleted_during_the_listing_are_no_difference(
    up: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown, runs = strays.unknown, []

    def overtaken(*given: Any) -> Any:
        if not runs:
            runs.append(1)
            sql("update tenants set deleted_at = now() where id = 't2'")
            run(up, NOW)
        return unknown(*given)

    monkeypatch.setattr(strays, "unknown", overtaken)
    assert compare_files(up).total == 0
    assert runs


def test_a_killed_publish_is_no_difference_and_the_next_puts_it_right(
    up: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All files are written and nothing is noted; then the numbers go back to what they were."""
    before = held(up)
    sql.request("2026-03-05T10:40:00Z", "t1")
    roll(up, NOW)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(publisher, "record", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(up, NOW)
    report = compare_files(up)
    assert (report.total, report.waiting) == (0, 1)
    sql("delete from api_requests where created_at = '2026-03-05T10:40:00Z'")
    run(up, NOW)
    assert found(up) == set()
    after = without_seq(held(up))
    assert {path: after[path] for path in before} == without_seq(before)


def test_an_unknown_tenant_is_said(up: Installation) -> None:
    with pytest.raises(PermanentError, match="Tenant 'nobody' is not known"):
        compare_files(up, ["t1", "nobody"])


# The store


def test_a_bucket_is_listed_page_by_page(bucket: Bucket, ready: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.publish.s3.LISTED", 3)
    store = on(ready, f"s3://{bucket.name}/p").store
    paths = {f"v1/t/{number % 4}/hourly/{number} ü+.json" for number in range(10)}
    for path in [*paths, "v1/tt/other.json", "v1/status.json"]:
        store.put(path, b"", cache_control="public")
    assert set(store.list("v1/t")) == paths
    assert list(store.list("v1/none")) == []
    assert list(store.drafts("v1")) == []


def test_a_folder_is_listed_though_files_vanish(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "public")
    assert list(store.list("v1")) == []
    paths = [f"v1/t/{number % 3}/hourly/{number}.json" for number in range(9)]
    for path in paths:
        store.put(path, b"any", cache_control="public")
    assert sorted(store.list("v1")) == sorted(paths)
    seen = []
    for path in store.list("v1"):
        seen.append(path)
        for other in paths:
            if other != path:
                store.delete(other)
        for folder in (tmp_path / "public/v1/t").iterdir():
            if folder.name != path.split("/")[2]:
                for place in (folder / "hourly", folder):
                    place.rmdir()
    assert {path.split("/")[2] for path in seen} == {"0"}, "whole folders vanished"


def test_a_write_is_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss of power must not leave an empty file that the ledger says is up."""
    order: list[str] = []
    flush, rename = os.fsync, os.replace
    monkeypatch.setattr(
        os, "fsync", lambda handle: (order.append(str(Path(f"/proc/self/fd/{handle}").readlink())), flush(handle))
    )
    monkeypatch.setattr(os, "replace", lambda one, two: (order.append(f"rename {Path(two).name}"), rename(one, two)))
    FileStore(tmp_path).put("v1/t/key/dashboard.json", b"any", cache_control="public")
    at = order.index("rename dashboard.json")
    assert Path(order[at - 1]).name.startswith(".draft-")
    assert order[at + 1 :] == ["rename dashboard.json.gz", str(tmp_path / "v1/t/key")]
    assert order[: at - 1] == [str(tmp_path), str(tmp_path / "v1"), str(tmp_path / "v1/t")], "the new folders' names"
