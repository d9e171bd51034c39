"""Trap 12: each write and each removal fails in its turn, before it is done or after it, in a folder and in a bucket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import psycopg
import pytest

from pipeline.contract.version import TYPES
from pipeline.documents.encode import compress
from pipeline.errors import TransientError
from pipeline.installation import Installation
from pipeline.publish.keys import address, folder, platform_address, public_name, tenant_key
from pipeline.publish.publisher import publish
from pipeline.publish.status import announce
from pipeline.rollups.tick import roll
from pipeline.run import run
from tests.checks import (
    STATUS,
    Reader,
    assert_as_from_scratch,
    assert_equal_files,
    assert_nothing_unknown,
    listed,
    reachable,
    without_stamps,
)
from tests.conftest import NOW, Databases, Sql, dashboard_of, document, installation_on, on
from tests.faults import Failing, storing_in

WHEN = ("before", "after")
ENDPOINTS = 11  # one more than a first screen has, so that there are pages by rank
WRITES = 9  # of a tenant whose hour has changed: a page of each kind, three of them by rank, and the dashboard
REMOVALS = 6  # of a deleted tenant that has no pages by rank
AFTERWARDS = 7  # two pages and the summary of the platform, the types, status.json, two superseded pages
PAST_ALL = 99


def test_each_write_and_removal_of_a_tenant_fails_in_its_turn(  # noqa: PLR0917  fixtures
    ready: Installation, sql: Sql, place: str, databases: Databases, template: str, tmp_path: Path
) -> None:
    """Trap 12. In one run, a tenant a fault: what has happened to one is seen, and happens to no other."""
    installation = on(ready, place)
    changing = {f"{when}-{turn}": (turn, when) for when, turn in product(WHEN, range(WRITES))}
    going = {f"going-{when}-{turn}": (turn, when) for when, turn in product(WHEN, range(REMOVALS))}
    sound = {"sound": (PAST_ALL, ""), "going-sound": (PAST_ALL, "")}
    for tenant in (*changing, *going, *sound):
        sql.tenant(tenant)
        for number in range(1 if tenant.startswith("going") else ENDPOINTS):
            sql.request("2026-03-08T10:00:00Z", tenant, endpoint=f"/{number}")
    run(installation, NOW)
    reader = Reader(on(ready, place))

    folders = {tenant: address(installation, tenant).path.removesuffix("dashboard.json") for tenant in changing}
    folders |= {tenant: f"{folder(tenant_key(ready.secret, tenant))}/" for tenant in (*going, *sound)}
    sql(f"insert into api_requests {ONE_MORE_EACH}")
    sql("update tenants set deleted_at = now() where id like 'going%%'")
    faults = {folders[tenant]: fault for tenant, fault in (changing | going | sound).items()}
    with storing_in(installation, Failing(installation.store, faults)) as failing:
        report = run(installation, NOW)

    assert failing.failed.keys() == {folders[tenant] for tenant in (changing | going)}, "each fault has been met"
    assert [failing.asked[folders[tenant]] for tenant in sound] == [WRITES, REMOVALS], "and there were no more places"
    assert report.publish.failures.keys() == (changing | going).keys()
    stale = sorted(public_name(path.split("/")[2]) for path in failing.failed)
    assert document(installation, STATUS)["stale"] == report.status.stale == stale
    assert dashboard_of(installation, "sound")["periods"]["7d"]["api_usage"]["total"] == ENDPOINTS + 1
    assert list(installation.store.list(folders["going-sound"].rstrip("/"))) == []
    reader.look()

    again = run(installation, NOW)
    assert (again.publish.failures, again.status.stale, document(installation, STATUS)["stale"]) == ({}, [], [])
    assert_nothing_unknown(installation, sql)
    assert_as_from_scratch(installation, databases, template, home=tmp_path / "fresh", at=NOW)


ONE_MORE_EACH = """(tenant_id, endpoint, status_code, duration_ms, created_at)
select id, '/0', 200, 100.0, '2026-03-08T11:00:00Z' from tenants where id not like 'going%%'"""


def test_each_write_and_removal_after_the_tenants_fails_in_its_turn(
    ready: Installation, sql: Sql, place: str, expected: list[dict[str, str]]
) -> None:
    """Trap 12. The platform's files, the types, status.json and what is superseded; tenants are up all the while."""
    installation, reader = on(ready, place), Reader(on(ready, place))
    sql.tenant()
    sql.request("2026-03-08T10:00:00Z")
    run(installation, NOW)
    failed = []
    for step, (turn, when) in enumerate(product(range(AFTERWARDS), WHEN), start=1):
        put_late_rows(sql, step % 3)
        roll(installation, NOW)
        publish(installation, NOW)
        outdate(installation, sql)
        with storing_in(installation, Failing(installation.store, {"v1/": (turn, when)})) as failing:
            shown = failure_of(installation)
        failed.append(failing.failed["v1/"])
        assert failed[-1] in shown
        reader.look()
        again = announce(installation, NOW)
        assert (again.platform_failure, again.stale) == (None, [])
        assert_equal_files(all_that_is_read(installation), expected[step % 3])
        assert_nothing_unknown(installation, sql)
    assert failing.asked["v1/"] == AFTERWARDS, "there were no more places"
    assert {path.split("/")[1] for path in failed} == {"platform", "tenantcast.d.ts", "status.json", "t"}


@pytest.fixture(scope="module")
def expected(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, str]]]:
    """What each of three states gives to whoever starts with it."""
    databases, home = Databases(server), tmp_path_factory.mktemp("fresh")
    yield [from_scratch(databases.make(template), home / str(late), late) for late in range(3)]
    databases.drop_all()


def from_scratch(database: str, home: Path, late: int) -> dict[str, str]:
    """All that is read of an installation that had these rows from the beginning."""
    fresh = installation_on(database, home)
    with psycopg.connect(database, autocommit=True) as connection:
        sql = Sql(connection)
        sql.tenant()
        sql.request("2026-03-08T10:00:00Z")
        put_late_rows(sql, late)
    run(fresh, NOW)
    fresh.database.engine.dispose()
    return all_that_is_read(fresh)


def put_late_rows(sql: Sql, late: int) -> None:
    """Have just so many requests of a later hour: three states that follow each other, so that pages come back."""
    sql("delete from api_requests where created_at = '2026-03-08T11:00:00Z'")
    for _ in range(late):
        sql.request("2026-03-08T11:00:00Z")


def outdate(installation: Installation, sql: Sql) -> None:
    """Have the types be those of another version, and one page of each ledger superseded for long enough to go."""
    installation.store.put(TYPES, compress(b"// of before"), cache_control="public")
    for ledger, kind in (("files", "hourly"), ("platform_files", "tenants")):
        sql(f"update pipeline.{ledger} set superseded_at = superseded_at - interval '1 month' where kind = '{kind}'")


def failure_of(installation: Installation) -> str:
    """What an announcement shows of what went wrong; where it is the platform, status.json names it as stale."""
    try:
        report = announce(installation, NOW)
    except TransientError as error:
        return str(error)
    stale = [public_name(platform_address(installation).key)] if report.platform_failure else []
    assert document(installation, STATUS)["stale"] == report.stale == stale
    return report.platform_failure or ""


def all_that_is_read(installation: Installation) -> dict[str, str]:
    """What is reachable, and the platform's files, without its health: that says what has happened on the way."""
    path = platform_address(installation).path
    summary = document(installation, path)
    pages = dict(listed(installation, path, summary))
    del summary["health"]
    return {path: json.dumps(without_stamps(summary))} | pages | reachable(installation)
