"""An address that was closed at once stays closed: what a publisher puts back that slept through it is taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.errors import TransientError
from pipeline.export.exporting import export
from pipeline.export.ledger import Ledger
from pipeline.installation import Installation
from pipeline.publish import sweeping
from pipeline.publish.closing import close_former
from pipeline.publish.keys import address
from pipeline.publish.publisher import publish
from pipeline.publish.rotating import rotate
from pipeline.publish.stores import FileStore
from pipeline.publish.sweeping import sweep_closed
from pipeline.reconcile.reconciling import reconcile
from pipeline.rollups.tick import roll
from pipeline.run import run
from tests.conftest import NOW, Contents, Sql, address_of, installation_on, published
from tests.contracts import describes

OTHER = "fedcba9876543210fedcba9876543210"
Close = Callable[[Installation, Sql], Installation]


def fill(ready: Installation, sql: Sql) -> None:
    """Two tenants with files."""
    for tenant in ("t1", "t2"):
        sql.tenant(tenant)
        sql.request("2026-03-08T10:00:00Z", tenant)
    run(ready, NOW)


@pytest.fixture
def contents() -> Contents:
    """Made once for all tests here."""
    return fill


def rotated(up: Installation, sql: Sql) -> Installation:
    rotate(up, "t1", at_once=True)
    return up


def deleted(up: Installation, sql: Sql) -> Installation:
    sql("update tenants set deleted_at = now() where id = 't1'")
    run(up, NOW)
    return up


def under_another_secret(up: Installation, sql: Sql) -> Installation:
    new = installation_on(address_of(up), up.settings.home, TENANTCAST_SECRET=OTHER)
    run(new, NOW)
    assert close_former(new).left == 0
    return new


def slept_through(up: Installation, sql: Sql, close: Close, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Publish a new row of t1; after the first look at the slots, before the first put, its address is closed."""
    late = installation_on(address_of(up), up.settings.home)
    put, after = FileStore.put, []

    def asleep(store: FileStore, path: str, content: bytes, **how: Any) -> str:
        if store is late.store and not after:
            after.append(None)
            sql.cut_publishers()
            after[:] = [close(up, sql)]
        return put(store, path, content, **how)

    sql.request("2026-03-08T10:45:00Z", "t1")
    roll(up, NOW)
    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "put", asleep)
        with pytest.raises(TransientError):
            publish(late, NOW)
    late.database.engine.dispose()
    return after[0]  # type: ignore[return-value]


def at(installation: Installation, path: str) -> list[str]:
    """Give what is in the folder of a path."""
    folder = path.rsplit("/", 1)[0]
    return [name for name in published(installation) if name.startswith(folder)]


def under_another_secret_in_peace(up: Installation, sql: Sql) -> Installation:
    """The previous one was named; dashboards under it go with the run that finds it named no longer."""
    more = {"TENANTCAST_SECRET": OTHER, "TENANTCAST_PREVIOUS_SECRET": str(up.settings.secret)}
    run(installation_on(address_of(up), up.settings.home, **more), NOW)
    new = installation_on(address_of(up), up.settings.home, TENANTCAST_SECRET=OTHER)
    run(new, NOW)
    assert close_former(new).left == 0
    return new


@pytest.mark.parametrize("close", [rotated, deleted, under_another_secret, under_another_secret_in_peace])
def test_what_a_late_publisher_puts_back_goes_with_the_next_run(
    ready: Installation, sql: Sql, close: Close, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 14: the address is closed, and it opens again by itself."""
    old = address(ready, "t1").path
    now = slept_through(ready, sql, close, monkeypatch)
    back = at(ready, old)
    assert old in back, "it is late indeed"
    assert run(now, NOW).status.collected == len(back)
    assert at(ready, old) == []
    assert run(now, NOW).status.collected == 0
    assert reconcile(now).agrees


@pytest.mark.parametrize("close", [deleted, under_another_secret])
def test_an_address_that_is_used_again_stays(ready: Installation, sql: Sql, close: Close) -> None:
    """A tenant that comes back within the day, a secret that is taken back."""
    before = {path for path in published(ready) if not describes(path)}
    close(ready, sql)
    assert sql.one("select count(*) from pipeline.closed_paths") != 0
    sql("update tenants set deleted_at = null")
    run(ready, NOW)
    run(ready, NOW)
    assert before <= {*published(ready)}
    left = {path for (path,) in sql("select path from pipeline.closed_paths")}
    assert not left & {*published(ready)}


def test_what_a_ledger_says_is_up_stays_whatever_is_noted(ready: Installation, sql: Sql) -> None:
    """As where a closer that lost its slots notes a path that is in use again."""
    sql(
        "insert into pipeline.closed_paths (path, swept_until) "
        "select path, now() + interval '1 hour' from pipeline.files union select path, now() + interval '1 hour' "
        "from pipeline.platform_files"
    )
    before = {path for path in published(ready) if not describes(path)}
    assert run(ready, NOW).status.collected == 0
    assert before <= {*published(ready)}


def test_a_path_that_is_written_again_while_it_is_looked_at_stays(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep has lost its slots and does not know it yet: between its look and its removal the tenant is back."""
    path = address(ready, "t1").path
    content = ready.store.get(path)
    deleted(ready, sql)
    listed = FileStore.list

    def meanwhile(store: FileStore, folder: str) -> Any:
        found = list(listed(store, folder))
        if folder in path and not found:
            monkeypatch.undo()
            store.put(path, content or b"", cache_control="")
            sql("delete from pipeline.closed_paths where path = %s", path)
            found = [path]
        return iter(found)

    monkeypatch.setattr(FileStore, "list", meanwhile)
    assert sweep_closed(ready, still_held=lambda: None) == 0
    assert ready.store.get(path) == content


def test_an_export_that_writes_a_path_again_keeps_it(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also before it is noted what the file holds."""
    export(ready)
    files = {path for path in published(ready) if path.endswith(".parquet")}
    sql(
        "insert into pipeline.closed_paths (path, swept_until) select path, now() + interval '1 h' from pipeline.exports"
    )
    sql("delete from pipeline.exports")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "record", killed)
        with pytest.raises(KeyboardInterrupt):
            export(ready)
    sweep_closed(ready, still_held=lambda: None)
    assert len(files & published(ready).keys()) == 1, "the one that is written again"


def test_many_folders_are_looked_at_in_turn(ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "MOST", 1)
    sql(
        "insert into pipeline.closed_paths (path, swept_until) "
        "select 'v1/t/k' || k || '/dashboard.json', now() + interval '1 hour' from generate_series(1, 3) as k"
    )
    for looked in (1, 2, 3):
        sweep_closed(ready, still_held=lambda: None)
        assert sql.one("select count(*) from pipeline.closed_paths where looked_at is not null") == looked


def test_it_is_looked_for_a_day(ready: Installation, sql: Sql) -> None:
    rotate(ready, "t1", at_once=True)
    [(soon, late)] = sql("select min(swept_until) - now(), max(swept_until) - now() from pipeline.closed_paths")
    assert str(soon).startswith("23:59")
    assert str(late).startswith("23:59")
    sql("update pipeline.closed_paths set swept_until = now()")
    run(ready, NOW)
    assert sql.one("select count(*) from pipeline.closed_paths") == 0


def test_where_no_run_came_for_a_day_the_next_one_looks(ready: Installation, sql: Sql) -> None:
    path = address(ready, "t1").path
    content = ready.store.get(path) or b""
    rotate(ready, "t1", at_once=True)
    ready.store.put(path, content, cache_control="")
    sql("update pipeline.closed_paths set swept_until = now() - interval '2 days'")
    assert run(ready, NOW).status.collected == 1
    assert ready.store.get(path) is None
    assert sql.one("select count(*) from pipeline.closed_paths") == 0
