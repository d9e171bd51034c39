"""Superseded files are taken away after a week's grace, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.errors import TransientError
from pipeline.export.exporting import export
from pipeline.installation import Installation
from pipeline.publish import collecting
from pipeline.publish.collecting import KEPT
from pipeline.reconcile.reconciling import reconcile
from pipeline.run import run
from pipeline.verbs.publish import describe_status
from tests.checks import reachable
from tests.conftest import NOW, Contents, Sql, published

OLD = "2 months"
SUPERSEDED = "select path from pipeline.{0} where superseded_at is not null order by 1"


def fill(ready: Installation, sql: Sql) -> None:
    """Two tenants; of t1 three pages have been replaced, and of the platform two."""
    for tenant in ("t1", "t2"):
        sql.tenant(tenant)
        sql.request("2026-03-08T10:00:00Z", tenant)
    run(ready, NOW)
    sql.request("2026-03-08T11:00:00Z", "t1")
    run(ready, NOW)


@pytest.fixture
def contents(request: pytest.FixtureRequest) -> Contents | None:
    """Made once for all tests that begin with it."""
    return fill if "replaced" in request.fixturenames else None


@pytest.fixture
def replaced(ready: Installation) -> Installation:
    """What `fill` has made."""
    return ready


def age(sql: Sql, ledger: str = "files", by: str = OLD) -> None:
    """Have all that is superseded be so for longer."""
    sql(f"update pipeline.{ledger} set superseded_at = superseded_at - interval '{by}'")


def superseded(sql: Sql, ledger: str = "files") -> list[str]:
    return [str(path) for (path,) in sql(SUPERSEDED.format(ledger))]


def test_what_is_replaced_stays_for_a_week_and_as_long_as_a_cache_may_show_it(replaced: Installation, sql: Sql) -> None:
    old = superseded(sql)
    assert [path.split("/")[3] for path in old] == ["costs", "daily", "hourly", "monthly", "weekly"]
    age(sql, by=f"{KEPT.total_seconds() - 600} seconds")
    before = reachable(replaced)
    assert run(replaced, NOW).status.collected == 0
    assert set(old) <= published(replaced).keys()
    age(sql, by="10 minutes")
    assert run(replaced, NOW).status.collected == len(old)
    assert not set(old) & published(replaced).keys()
    assert superseded(sql) == []
    assert reachable(replaced) == before
    assert reconcile(replaced).agrees
    assert run(replaced, NOW).status.collected == 0


def test_of_the_platform_too(replaced: Installation, sql: Sql) -> None:
    old = superseded(sql, "platform_files")
    assert {path.split("/")[3] for path in old} == {"daily", "tenants"}
    age(sql, "platform_files")
    report = run(replaced, NOW).status
    assert describe_status(report) == [f"collected: {len(old)} superseded files"]
    assert not set(old) & published(replaced).keys()
    assert reconcile(replaced).agrees


def test_an_export_collects_its_own(replaced: Installation, sql: Sql) -> None:
    export(replaced)
    sql.request("2026-03-08T12:00:00Z", "t1")
    run(replaced, NOW)
    export(replaced)
    old = superseded(sql, "exports")
    age(sql, "exports")
    assert run(replaced, NOW).status.collected == 0
    assert export(replaced).collected == len(old) > 0
    assert not set(old) & published(replaced).keys()
    assert superseded(sql, "exports") == []


def test_what_comes_back_is_listed_again_and_stays(replaced: Installation, sql: Sql) -> None:
    old = superseded(sql)
    age(sql)
    sql("delete from api_requests where created_at = '2026-03-08T11:00:00Z'")
    report = run(replaced, NOW)
    assert report.status.collected == 0
    assert not set(old) & set(superseded(sql))
    assert set(old) <= reachable(replaced).keys()


def test_a_page_that_comes_back_is_safe_before_its_write_is_noted(
    replaced: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The publish that brings it back is cut off after its files are up, and the tenant fails from then on."""
    old = superseded(sql)
    age(sql)
    sql("delete from api_requests where created_at = '2026-03-08T11:00:00Z'")
    cut_off(monkeypatch, replaced)
    assert set(old) <= reachable(replaced).keys()
    monkeypatch.undo()
    sql("update tenants set timezone = 'Nowhere/At_all' where id = 't1'")
    assert run(replaced, NOW).status.collected == 0
    age(sql)
    assert run(replaced, NOW).status.collected == 0
    assert set(old) <= reachable(replaced).keys()


def cut_off(monkeypatch: pytest.MonkeyPatch, installation: Installation) -> None:
    """Publish, and end before what is up is noted."""

    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("pipeline.publish.publisher.record", kill)
    with pytest.raises(Killed):
        run(installation, NOW)


def test_a_kill_in_between_is_made_up_for(replaced: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    old = superseded(sql)
    age(sql)
    monkeypatch.setattr(replaced.store, "delete", failing(replaced.store.delete, at=2))
    with pytest.raises(TransientError):
        run(replaced, NOW)
    monkeypatch.undo()
    assert superseded(sql) == old
    assert run(replaced, NOW).status.collected == len(old)
    assert not set(old) & published(replaced).keys()


def failing(delete: Callable[[str], None], *, at: int) -> Callable[[str], None]:
    calls = iter(range(1, 1000))

    def once(path: str) -> None:
        if next(calls) >= at:
            raise TransientError("The store cannot be used: SlowDown.")
        delete(path)

    return once


def test_many_are_collected_batch_by_batch_and_not_all_at_once(
    replaced: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "BATCH", 2)
    monkeypatch.setattr(collecting, "MOST", 2)
    age(sql)
    assert [run(replaced, NOW).status.collected for _ in range(4)] == [2, 2, 1, 0]
