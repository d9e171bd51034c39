"""What must hold of any installation, whatever has happened to it: its files, its ledger of files, a run after it all."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from pipeline.costs.reprice import Repricing, reprice
from pipeline.installation import Installation
from pipeline.reconcile.reconciling import reconcile
from pipeline.run import RunReport, run
from tests.conftest import Databases, Sql, address_of, installation_on, published
from tests.recompute import Row, places, recomputed, stored

STATUS = "v1/status.json"
FOLDERS, FIRST = ("v1/t", "v1/platform"), ("/dashboard.json", "/summary.json")
STAMPS = ("seq", "data_through", "start", "end", "published_at", "next_expected_at")
RAW = ("tenants", "api_requests", "usage_records", "subscriptions", "quotas", "prices", "fx_rates")
LONGEST_BUSY = 20.0
ALL_DAYS = Repricing(date(2025, 12, 1), date(2026, 6, 1), "zones that tenants have left")
Done = TypeVar("Done")


def without_stamps(document: dict[str, Any]) -> dict[str, Any]:
    """A dashboard or status.json without what is no number of its own; the order of its fields stays."""
    plain: dict[str, Any] = json.loads(json.dumps(document))
    periods = plain.get("periods", {}).values()
    for holder in (plain, *periods, *(each.get("usage_trend", {}) for each in periods)):
        for stamp in STAMPS:
            holder.pop(stamp, None)
    return plain


def reachable(installation: Installation) -> dict[str, str]:
    """All that a frontend can come to, by path: pages as they are, dashboards and status.json without their stamps.

    Fails where something listed is not there, or is not what its name and its place in the list say.
    """
    found = {}
    for path in installation.store.list("v1"):
        if path == STATUS or path.endswith("/dashboard.json"):
            document = json.loads(gzip.decompress(installation.store.get(path) or b""))
            found[path] = json.dumps(without_stamps(document))
            found |= dict(listed(installation, path, document))
    return found


def listed(installation: Installation, path: str, document: dict[str, Any]) -> list[tuple[str, str]]:
    """The pages that a dashboard or summary lists, and those that its index pages list: path and text, checked."""
    found = []
    folder = path.rsplit("/", 1)[0]
    pages = document.get("pages", {})
    for page in pages if isinstance(pages, list) else [each for kind in pages.values() for each in kind]:
        place = f"{folder}/{page['path']}"
        packed = installation.store.get(place)
        assert packed is not None, f"{path} lists {page['path']}, which is not there"
        text = gzip.decompress(packed)
        assert len(packed) == page["bytes"], place
        assert hashlib.sha256(text).hexdigest()[:12] == page["path"].split(".")[1], place
        found += [(place, text.decode()), *listed(installation, path, json.loads(text))]
    return found


def files(installation: Installation) -> dict[str, bytes]:
    """Files in a store that is a folder; what a killed writer left half written has a name that nobody asks for."""
    return {path: content for path, content in published(installation).items() if "/.draft-" not in path}


@dataclass
class Reader:
    """Looks at a store again and again, as browsers do: nothing listed is missing, and `seq` never goes back."""

    installation: Installation
    seqs: dict[str, int] = field(default_factory=dict)
    looks: int = 0

    def look(self) -> None:
        """Read status.json, then each first file and all that it lists."""
        store = self.installation.store
        status = store.get(STATUS)
        if status:
            self._note(STATUS, json.loads(gzip.decompress(status)))
        for path in [each for folder in FOLDERS for each in store.list(folder) if each.endswith(FIRST)]:
            content = store.get(path)
            if content is not None:  # else its tenant was deleted since
                document = json.loads(gzip.decompress(content))
                self._note(path, document)
                listed(self.installation, path, document)
        self.looks += 1

    def _note(self, path: str, document: dict[str, Any]) -> None:
        before = self.seqs.get(path, 0)
        assert document["seq"] >= before, f"{path} went back from seq {before} to {document['seq']}"
        self.seqs[path] = document["seq"]


@contextmanager
def polling(look: Callable[[], None], *, pause: float = 0.0) -> Iterator[None]:
    """Look again and again, in a thread of its own, while the body runs; what it finds wrong is raised at the end."""
    stop, wrong = threading.Event(), []

    def follow() -> None:
        while not stop.wait(pause):
            try:
                look()
            except BaseException as error:
                wrong.append(error)
                return

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if wrong:
        raise wrong[0]


def patiently(work: Callable[[], Done], busy: Callable[[Done], bool]) -> Done:
    """Do it until nobody else is at it: what a killed process holds in the database must be let go of soon."""
    deadline = time.monotonic() + LONGEST_BUSY
    while busy(done := work()):
        assert time.monotonic() < deadline, f"what was killed still holds its locks: {done}"
        time.sleep(0.1)
    return done


def run_to_the_end(installation: Installation, at: datetime) -> RunReport:
    """Run as the next tick does."""
    return patiently(lambda: run(installation, at), lambda report: bool(report.busy))


def price_all_anew(installation: Installation) -> None:
    """Closed days keep their cost in the zone that a tenant has left; an installation that never knew it does not."""
    patiently(lambda: reprice(installation, ALL_DAYS), lambda report: bool(report.run and report.run.busy))


def assert_settled(installation: Installation, sql: Sql, at: datetime) -> None:
    """After a run that nobody disturbed: rollups are what raw rows give, and one more run finds nothing to do.

    `reconcile` over everything, which knows no word of `recomputed`, says so too.
    """
    assert stored(sql) == recomputed(sql)
    report = reconcile(installation)
    assert report.agrees, report.lines()
    waiting = (
        "select (select count(*) from pipeline.marks where bucket_start < %s), (select count(*) from pipeline.queue)"
    )
    assert sql(waiting, sql.one("select data_through from pipeline.progress")) == [(0, 0)]
    assert_nothing_unknown(installation, sql)
    before, lying = stamped(installation), places(sql)
    again = run_to_the_end(installation, at)
    assert (again.rollup.marks, again.rollup.tenants_changed, again.publish.files_written) == (0, 0, 0)
    assert stamped(installation) == before, "a run that had nothing to do wrote files"
    assert places(sql) == lying, "a run that had nothing to do wrote rollups"


def stamped(installation: Installation) -> dict[str, tuple[bytes, int]]:
    """All files but status.json: bytes and modification time."""
    root = installation.settings.home / "public"
    return {
        path: (content, (root / path).stat().st_mtime_ns)
        for path, content in files(installation).items()
        if path != STATUS
    }


def assert_nothing_unknown(installation: Installation, sql: Sql) -> None:
    """The ledger of files knows each file in the store, so that what is not current can be collected."""
    known = {
        str(path) for (path,) in sql("select path from pipeline.files union select path from pipeline.platform_files")
    }
    assert {path for folder in FOLDERS for path in installation.store.list(folder)} <= known


def assert_as_from_scratch(
    installation: Installation, databases: Databases, template: str, *, home: Path, at: datetime
) -> None:
    """The same raw rows, rolled up and published once by an installation that has never seen them."""
    fresh = installation_on(databases.make(template), home)
    fresh.progress.say = lambda line: None  # type: ignore[method-assign]
    copy_raw(address_of(installation), address_of(fresh))
    run(fresh, at)
    try:
        assert stored_at(address_of(installation)) == stored_at(address_of(fresh))
        assert_equal_files(reachable(installation), reachable(fresh))
    finally:
        fresh.database.engine.dispose()


def stored_at(address: str) -> dict[str, list[Row]]:
    """All rollups of a database."""
    with psycopg.connect(address, autocommit=True) as connection:
        return stored(Sql(connection))


def assert_equal_files(found: dict[str, str], expected: dict[str, str]) -> None:
    """One file at a time, so that a difference can be read."""
    assert sorted(found) == sorted(expected)
    for path, content in expected.items():
        assert found[path] == content, path


def copy_raw(source: str, target: str) -> None:
    """Copy all rows that the SaaS owns into a database whose own tables of that name are empty."""
    with psycopg.connect(source) as reading, psycopg.connect(target) as writing:
        reading.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for table in RAW:
            out, into = f"copy {table} to stdout".encode(), f"copy {table} from stdin".encode()
            with reading.cursor().copy(out) as rows, writing.cursor().copy(into) as copied:
                for part in rows:
                    copied.write(part)
