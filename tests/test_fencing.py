"""Trap 5: whoever is late replaces nothing newer, in a folder and in a bucket, which are fenced in one way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest

from pipeline.documents.encode import compress
from pipeline.errors import OvertakenError, TenantcastError
from pipeline.installation import Installation
from pipeline.publish.due import STATUS
from pipeline.publish.fencing import put_newer
from pipeline.publish.keys import address, platform_address
from pipeline.publish.stores import ABSENT, ChangedError, Store, open_store
from pipeline.rollups.tick import roll
from pipeline.run import run
from tests.buckets import Bucket
from tests.conftest import NOW, Sql, dashboard_of, document, on

PATH = "v1/t/k/dashboard.json"


def numbered(seq: int, **more: str) -> bytes:
    """A small document that the contract knows: a tombstone."""
    return compress(orjson.dumps({"schema": 1, "seq": seq, "gone": True, **more}))


@pytest.fixture
def store(place: str) -> Store:
    return open_store(place)


def test_a_document_is_replaced_by_newer_ones_only(store: Store) -> None:
    first = put_newer(store, PATH, numbered(5), seq=5, known=ABSENT)
    with pytest.raises(OvertakenError, match="seq 5 is up, this would be 4"):
        put_newer(store, PATH, numbered(4), seq=4)
    for known in (ABSENT, "what was up long ago"):
        with pytest.raises(OvertakenError):
            put_newer(store, PATH, numbered(4), seq=4, known=known)
    assert store.look(PATH).version == first  # type: ignore[union-attr]
    second = put_newer(store, PATH, numbered(6), seq=6, known=first)
    third = put_newer(store, PATH, numbered(7), seq=7, known=first)
    assert len({first, second, third}) == 3
    assert store.get(PATH) == numbered(7)


def test_what_is_gone_or_no_document_is_replaced(store: Store) -> None:
    version = put_newer(store, PATH, numbered(5), seq=5, known=ABSENT)
    store.delete(PATH)
    put_newer(store, PATH, numbered(6), seq=6, known=version)
    store.put(PATH, b"not gzip", cache_control="public")
    put_newer(store, PATH, numbered(7), seq=7, known=version)
    assert store.get(PATH) == numbered(7)


def test_a_write_whose_answer_was_lost_is_no_lost_race(store: Store) -> None:
    """A client that got no answer sends the same again, under a condition that holds no more."""
    version = store.put(PATH, numbered(5), cache_control="public", over=ABSENT)
    assert store.put(PATH, numbered(5), cache_control="public", over=ABSENT) == version
    later = store.put(PATH, numbered(6), cache_control="public", over=version)
    assert store.put(PATH, numbered(6), cache_control="public", over=version) == later
    with pytest.raises(ChangedError) as caught:
        store.put(PATH, numbered(5), cache_control="public", over=version)
    assert caught.value.up == store.look(PATH)


@pytest.mark.parametrize("over", ["nothing", "something"])
def test_of_sixteen_that_race_one_wins(place: str, over: str) -> None:
    store = open_store(place)
    version = ABSENT if over == "nothing" else store.put(PATH, numbered(1), cache_control="public")

    def write(racer: int) -> int | None:
        try:
            open_store(place).put(PATH, numbered(2, racer=str(racer)), cache_control="public", over=version)
        except ChangedError:
            return None
        return racer

    with ThreadPoolExecutor(16) as racers:
        [winner] = [racer for racer in racers.map(write, range(16)) if racer is not None]
    assert store.get(PATH) == numbered(2, racer=str(winner))


def test_in_any_order_the_newest_stays(place: str) -> None:
    def write(seq: int) -> None:
        try:
            put_newer(open_store(place), PATH, numbered(seq), seq=seq)
        except OvertakenError:
            return

    with ThreadPoolExecutor(8) as racers:
        list(racers.map(write, [3, 8, 1, 6, 2, 7, 4, 5]))
    assert open_store(place).get(PATH) == numbered(8)


def test_one_request_is_enough_where_the_version_is_known(bucket: Bucket) -> None:
    store: Any = open_store(f"s3://{bucket.name}")
    asked: list[str] = []
    store.client.meta.events.register("before-call.s3", lambda model, **_: asked.append(model.name))
    version = put_newer(store, PATH, numbered(1), seq=1, known=ABSENT)
    version = put_newer(store, PATH, numbered(2), seq=2, known=version)
    assert asked == ["PutObject", "PutObject"]
    put_newer(store, PATH, numbered(3), seq=3)
    assert asked[2:] == ["GetObject", "PutObject"]


def fall_asleep(installation: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """Have the one who is about to write this path lose its slots and sleep while another publishes newer rows."""
    store = installation.store
    writing, met = store.put, []

    def asleep(name: str, content: bytes, **how: Any) -> str:
        if name == path and not met:
            met.append(name)
            sql.cut_publishers()
            sql.request("2026-03-10T11:30:00Z")
            other = on(installation, installation.settings.store_url)
            run(other, NOW)
            other.database.engine.dispose()
        return writing(name, content, **how)

    monkeypatch.setattr(store, "put", asleep)


@pytest.fixture
def up(ready: Installation, sql: Sql, place: str) -> Installation:
    """A tenant that is published, with a row that is not yet."""
    installation = on(ready, place)
    sql.tenant()
    sql.request("2026-03-10T09:30:00Z")
    run(installation, NOW)
    sql.request("2026-03-10T10:30:00Z")
    roll(installation, NOW)
    return installation


@pytest.mark.parametrize("which", ["dashboard", "summary", "status"])
def test_a_publisher_that_is_late_leaves_what_is_newer(
    up: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """Trap 5: a slow one overwrites nothing."""
    paths = {"dashboard": address(up, "t1").path, "summary": platform_address(up).path, "status": STATUS}
    asleep = on(up, up.settings.store_url)
    fall_asleep(asleep, sql, monkeypatch, paths[which])
    with pytest.raises(TenantcastError):
        run(asleep, NOW)
    assert dashboard_of(up)["periods"]["24h"]["api_usage"]["total"] == 3
    found = {name: document(up, path) for name, path in paths.items()}
    assert found["summary"]["periods"]["24h"]["requests"] == 3
    assert found["status"]["stale"] == []
    assert found["status"]["seq"] == max(each["seq"] for each in found.values())
    assert run(up, NOW).publish.failures == {}
    assert document(up, STATUS)["seq"] > found["status"]["seq"]
    assert document(up, STATUS)["stale"] == []
    asleep.database.engine.dispose()


def test_a_ledger_of_before_knows_no_versions_and_learns_them(up: Installation, sql: Sql) -> None:
    """The first write of each dashboard asks the store."""
    sql("update pipeline.files set version = null")
    run(up, NOW)
    assert dashboard_of(up)["periods"]["24h"]["api_usage"]["total"] == 2
    [(noted,)] = sql("select version from pipeline.files where kind = 'dashboard'")
    held = up.store.look(address(up, "t1").path)
    assert held is not None
    assert held.version == noted


@pytest.mark.parametrize("ledger", ["of now", "of then"])
def test_files_of_a_database_that_is_older_are_overtaken_in_one_run(up: Installation, sql: Sql, ledger: str) -> None:
    """Its backup was taken before them, and status.json, which would say so, is gone as well."""
    for _ in range(3):
        sql.request("2026-03-10T11:10:00Z")
        run(up, NOW)
    standing = dashboard_of(up)["seq"]
    sql("update pipeline.progress set seq = 1")
    if ledger == "of then":
        sql("update pipeline.files set seq = 1, version = 'of then' where kind = 'dashboard'")
    up.store.delete(STATUS)
    sql.request("2026-03-10T11:20:00Z")
    report = run(up, NOW)
    assert (report.publish.failures, report.status.stale) == ({}, [])
    assert dashboard_of(up)["seq"] > standing
    assert dashboard_of(up)["periods"]["24h"]["api_usage"]["total"] == 6
