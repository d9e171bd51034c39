"""The writers of a publish: threads or processes, the same comes of both, and none outlives whoever gives the orders."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from pipeline.errors import OvertakenError, PermanentError, SettingsError, TransientError
from pipeline.installation import Installation
from pipeline.publish import publisher, writers
from pipeline.publish.keys import address
from pipeline.publish.stores import ABSENT, Store, open_store
from pipeline.publish.writers import InProcesses, InThreads, Written, writers_for
from pipeline.publish.writing import Dashboard, Order, Part
from pipeline.run import run
from pipeline.settings import ROOT
from tests.conftest import NOW, Sql, on
from tests.contracts import Seen

ORPHAN = """
import os, signal
from pipeline.publish.stores import open_store
from pipeline.publish.writers import writers_for
from tests.test_writers import order
with writers_for(open_store({url!r}), {url!r}, 1_000, shards=64) as writing:
    print(writing.processes[0].process.pid, flush=True)
    writing.start([order("t", pages=30_000)], 1)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def numbered(seq: int, tenant: str) -> bytes:
    return gzip.compress(orjson.dumps({"seq": seq, "tenant": tenant}), mtime=0)


def order(tenant: str, *, seq: int = 1, pages: int = 2, known: str | None = ABSENT) -> Order:
    """An order of a tenant: some pages, and a dashboard."""
    shown = tuple((f"elsewhere/{tenant}/hourly/{page}.json", numbered(seq, tenant)) for page in range(pages))
    return Order((Part(shown, Dashboard(f"elsewhere/{tenant}/dashboard.json", numbered(seq, tenant), known)),))


def contents(store: Store) -> dict[str, bytes | None]:
    return {path: store.get(path) for path in store.list("elsewhere")}


def wait(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def contract(stored: Seen) -> Iterator[None]:
    """What is written here by hand is no document."""
    yield
    stored.take()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return (tmp_path / "public").as_uri()


def test_a_few_are_written_by_threads_and_many_by_a_process_a_processor(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "processors", lambda: 16)
    found = []
    for tenants, shards in ((299, 1), (300, 1), (300, 8), (300, 64)):
        with writers_for(open_store(url), url, tenants, shards=shards) as writing:
            found.append(len(writing.processes) if isinstance(writing, InProcesses) else type(writing))
    assert found == [InThreads, 4, 2, 1]


def test_processes_write_what_threads_write(place: str, tmp_path: Path) -> None:
    """The answers come in the order of the orders, and a second round knows the versions of the first."""
    found = []
    for where, tenants in ((place, 1_000), ((tmp_path / "beside").as_uri(), 1)):
        store = open_store(where)
        with writers_for(store, where, tenants) as writing:
            first = writing.start([order(f"t{each}") for each in range(11)], 1)
            versions = [said[0] for said in first() if isinstance(said, list)]
            again = [order(f"t{each}", seq=2, known=version) for each, version in enumerate(versions)]
            last = writing.start(again, 2)()
            removed = writing.start([Order((Part((), None),), ("elsewhere/t3/dashboard.json",))], 2)()
        assert last[:2] == [[store.look(f"elsewhere/t{each}/dashboard.json").version] for each in range(2)]  # type: ignore[union-attr]
        assert removed == [[None]]
        found.append(contents(store))
    assert found[0] == found[1]
    assert len(found[0]) == 11 * 3 - 1


def test_errors_pass_from_a_process_with_what_they_say(url: str) -> None:
    store = open_store(url)
    store.put("elsewhere/late/dashboard.json", numbered(9, "late"), cache_control="")
    with writers_for(store, url, 1_000) as writing:
        unusable = Order((Part((("elsewhere/\0/hourly/1.json", b""),), None),))
        late, broken, good = writing.start([order("late", known=None), unusable, order("good")], 5)()
    assert isinstance(late, OvertakenError)
    assert (late.standing, "with seq 9 is up, this would be 5" in str(late)) == (9, True)
    assert isinstance(broken, PermanentError)
    assert "unexpected ValueError while its files were written" in str(broken)
    assert good == [store.look("elsewhere/good/dashboard.json").version]  # type: ignore[union-attr]


def test_a_process_that_is_killed_loses_its_own_share_and_is_replaced(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "processors", lambda: 2)
    store = open_store(url)
    with writers_for(store, url, 1_000) as writing:
        assert isinstance(writing, InProcesses)
        struck = writing.processes[0].process
        os.kill(struck.pid, signal.SIGSTOP)
        answers = writing.start([order(f"t{each}") for each in range(4)], 1)
        os.kill(struck.pid, signal.SIGKILL)
        lost: list[Written] = answers()
        assert [type(said) for said in lost] == [TransientError, list, TransientError, list]
        assert "ended (-9) before it said how far it was" in str(lost[0])
        answers = writing.start([order("t0"), order("t2")], 1)
        assert [type(said) for said in answers()] == [list, list]
    assert len(contents(store)) == 12


def test_what_is_printed_is_no_answer_and_what_lies_about_is_not_meant(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hooks of a site print while Python starts, and the folder that Airflow runs in may hold another `pipeline`."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text('print("x" * 300, flush=True)\n')
    (tmp_path / "pipeline.py").write_text('raise SystemExit("not this one")\n')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.chdir(tmp_path)
    with writers_for(open_store(url), url, 1_000) as writing:
        assert [type(said) for said in writing.start([order("t1"), order("t2")], 1)()] == [list, list]


def test_a_store_that_cannot_be_opened_and_a_process_that_cannot_be_started_say_so(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writers_for(open_store(url), "ftp://elsewhere", 1_000, shards=64) as writing:
        [said] = writing.start([order("t1")], 1)()
    assert isinstance(said, SettingsError)
    assert "neither file:///path nor s3://bucket/prefix" in str(said)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(TransientError, match="No process that writes can be started: No such file"):
        writers_for(open_store(url), url, 1_000).__enter__()


def test_one_that_is_killed_with_two_batches_before_it_answers_for_both(url: str) -> None:
    with writers_for(open_store(url), url, 1_000, shards=64) as writing:
        assert isinstance(writing, InProcesses)
        struck = writing.processes[0].process
        os.kill(struck.pid, signal.SIGSTOP)
        first = writing.start([order("t1")], 1)
        os.kill(struck.pid, signal.SIGKILL)
        struck.wait()
        second = writing.start([order("t2")], 1)
        assert [type(said) for said in (*first(), *second())] == [TransientError, list]


def test_no_process_writes_on_when_its_publisher_is_killed(tmp_path: Path, url: str) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", ORPHAN.format(url=url)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    command = Path("/proc") / killed.stdout.strip() / "cmdline"
    wait(lambda: not command.exists() or not command.read_bytes())
    up = len(list((tmp_path / "public").rglob("*.json")))
    assert up < 30_000


def test_an_interrupted_publisher_waits_for_no_process(url: str) -> None:
    found: list[InProcesses] = []

    def interrupted() -> None:
        with writers_for(open_store(url), url, 1_000, shards=64) as writing:
            assert isinstance(writing, InProcesses)
            found.append(writing)
            writing.start([order("t", pages=30_000)], 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert found[0].processes[0].process.returncode == 0
    assert len(contents(open_store(url))) < 30_000


def test_a_publish_of_many_tenants_by_processes(  # noqa: PLR0917  fixtures
    ready: Installation, sql: Sql, place: str, monkeypatch: pytest.MonkeyPatch, stored: Seen, tmp_path: Path
) -> None:
    monkeypatch.setattr(writers, "MANY", 1)
    monkeypatch.setattr(publisher, "BATCH", 2)
    installation = on(ready, place)
    for each in range(7):
        sql.tenant(f"t{each}")
        sql.request("2026-03-10T10:30:00Z", f"t{each}")
    first = run(installation, NOW).publish
    assert (first.tenants, first.failures, run(installation, NOW).publish.files_written) == (7, {}, 0)
    sql.request("2026-03-10T11:30:00Z", "t3")
    sql("update tenants set deleted_at = now() where id = 't5'")
    second = run(installation, NOW).publish
    assert (second.tenants, second.failures) == (2, {})
    held = orjson.loads(gzip.decompress(installation.store.get(address(installation, "t3").path) or b""))
    assert held["periods"]["24h"]["api_usage"]["total"] == 2
    assert len([path for path in installation.store.list("v1/t") if path.endswith("dashboard.json")]) == 6
    assert stored.left_by_others(tmp_path) == []
