"""`forget`: a tenant is gone from everywhere, stays gone, and the platform's past is as it was."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet
import pytest

from pipeline.cli import main
from pipeline.database.connection import Database
from pipeline.errors import PermanentError, TransientError
from pipeline.export.exporting import export
from pipeline.export.ledger import Entry, Ledger
from pipeline.forgetting import forgetting, republishing
from pipeline.forgetting.forgetting import forget
from pipeline.forgetting.receipt import Receipt
from pipeline.forgetting.subject import Subject
from pipeline.forgetting.texts import unnamed
from pipeline.installation import Installation
from pipeline.publish import publisher, tombstones
from pipeline.publish.keys import address, tenant_key
from pipeline.publish.publisher import publish, slots_held
from pipeline.publish.rotating import rotate
from pipeline.publish.status import announce
from pipeline.publish.stores import DRAFT, FileStore
from pipeline.reconcile.reconciling import reconcile
from pipeline.rollups.tick import roll
from pipeline.rollups.ticking import ticking
from pipeline.run import run
from pipeline.sources.install import install
from tests.checks import reachable
from tests.conftest import NOW, Databases, Sql, address_of, document, environment_of, installation_on, published
from tests.mrr_sums import assert_mrr_adds_up

DAY = timedelta(days=1)
GONE, NAME = "acme-7f3a", "Acme Ventures"
ANY_COLUMN = """
select table_schema || '.' || table_name
from information_schema.columns
where table_schema in ('pipeline', 'rollup') and table_name not in (select table_name from information_schema.views)
group by table_schema, table_name
"""

CURRENT = """
select path from pipeline.platform_files where superseded_at is null
union all
select path from pipeline.exports where superseded_at is null
"""


@pytest.fixture(scope="module")
def before(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database and a folder: three tenants with all that a tenant can have, one with two addresses; exported."""
    databases, home = Databases(server), tmp_path_factory.mktemp("lived") / "home"
    made = installation_on(databases.make(template), home)
    with psycopg.connect(address_of(made), autocommit=True) as connection:
        fill(Sql(connection))
        run(made, NOW)
        rotate(made, GONE, at_once=False)
        connection.execute("update tenants set timezone = 'Nowhere/At_all' where id = %s", (GONE,))
        run(made, NOW)
        connection.execute("update tenants set timezone = null where id = %s", (GONE,))
        run(made, NOW)
    export(made)
    made.database.engine.dispose()
    yield address_of(made).rsplit("/", 1)[1], home
    databases.drop_all()


def fill(sql: Sql) -> None:
    for tenant, name in ((GONE, NAME), ("t2", "Two"), ("t3", "Three")):
        sql("insert into tenants (id, name, plan) values (%s, %s, 'pro')", tenant, name)
        for day in ("2026-02-27", "2026-03-08", "2026-03-09"):
            sql.request(f"{day}T10:00:00Z", tenant)
            sql.request(f"{day}T10:20:00Z", tenant, duration_ms=-1.0)
            sql.usage(f"{day}T11:00:00Z", tenant)
        sql.request("2026-03-10T11:00:00Z", tenant)
        sql.request("2026-03-10T12:10:00Z", tenant)
        sql.usage("2026-03-09T11:30:00Z", tenant, amount=-5)
        sql("insert into api_requests (tenant_id, created_at) values (%s, 'infinity')", tenant)
        sql("insert into quotas values (%s, 'api_calls', 100, 'month', 1)", tenant)
        sql(
            "insert into subscriptions (tenant_id, plan, status, monthly_amount, currency, started_at) values (%s, 'pro', 'active', 100, 'NGN', '2026-01-05Z')",
            tenant,
        )
    sql(
        "insert into prices values ('api_calls', 1, 10, 'NGN', '2020-01-01'), ('ai_tokens_m-1', 10, 1, 'NGN', '2020-01-01')"
    )


@pytest.fixture
def lived(before: tuple[str, Path], databases: Databases) -> Iterator[Installation]:
    """A copy of that database, beside a copy of its files in the same place: addresses hang on the place."""
    name, home = before
    kept = home.with_name("kept")
    if not kept.exists():
        shutil.copytree(home, kept, symlinks=True)
    shutil.rmtree(home)
    shutil.copytree(kept, home, symlinks=True)
    installation = installation_on(databases.make(name), home)
    yield installation
    installation.database.engine.dispose()


@pytest.fixture
def sql(lived: Installation) -> Iterator[Sql]:
    """SQL on the database of `lived`."""
    with psycopg.connect(address_of(lived), autocommit=True) as connection:
        yield Sql(connection)


@pytest.fixture
def own(ready: Installation) -> Iterator[Sql]:
    """SQL on the database of `ready`."""
    with psycopg.connect(address_of(ready), autocommit=True) as connection:
        yield Sql(connection)


def mentions(installation: Installation, sql: Sql, *words: str) -> list[str]:
    """Every table of ours, and every file in the store, in which one of the words stands."""
    found = []
    for (table,) in sql(ANY_COLUMN):
        for word in words:
            if sql.one(f"select count(*) from {table} as t where position(%s in t::text) > 0", word):
                found.append(str(table))
    found += [path for path, content in published(installation).items() if names(path, content, words)]
    return sorted(found)


def names(path: str, content: bytes, words: tuple[str, ...]) -> bool:
    """Whether one of the words stands in a file, whatever its form."""
    if path.endswith(".parquet"):
        text = str(pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist())
    else:
        text = gzip.decompress(content).decode()
    return any(word in text for word in words)


def sums(sql: Sql) -> dict[str, list[tuple[object, ...]]]:
    """What the platform's past adds up to."""
    return {
        "platform": sql("select * from rollup.platform_daily order by day"),
        "mrr": sql("select * from rollup.mrr_daily where day < '2026-03-10' order by day, plan"),
        "movements": sql(
            "select day, movement, sum(amount) from rollup.mrr_movements where day < '2026-03-10' group by 1, 2 order by 1, 2"
        ),
    }


def without_mrr_of_today(found: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """The forgotten tenant pays no more: the days before do not change by it."""
    return {**found, "platform": [row for row in found["platform"] if str(row[0]) < "2026-03-10"]}


def test_nothing_names_it_any_more_and_the_platforms_past_stays(lived: Installation, sql: Sql) -> None:
    """Trap 14. Every column of every table is looked at, so a table that comes later is looked at as well."""
    before = sums(sql)
    others = {path: text for path, text in reachable(lived).items() if GONE not in text}
    assert len(mentions(lived, sql, GONE, NAME)) > 20
    receipt = forget(lived, GONE)
    assert mentions(lived, sql, GONE, NAME) == []
    assert receipt.complete
    assert receipt.rows["rollup.api_hourly"] == 4
    assert receipt.kept == {
        "pipeline.activity_daily": 4,
        "rollup.cost_daily": 7,
        "rollup.mrr_movements": 1,
        "pipeline.subscription_versions": 1,
    }
    assert others.items() <= reachable(lived).items()
    for _ in range(2):
        run(lived, NOW)
        export(lived)
        assert mentions(lived, sql, GONE, NAME) == []
        assert without_mrr_of_today(sums(sql)) == without_mrr_of_today(before)
        assert_agrees(lived)


def assert_agrees(installation: Installation) -> None:
    found = reconcile(installation)
    assert found.agrees, found.lines()


def tombs(installation: Installation) -> list[dict[str, Any]]:
    """What stands under all addresses that the tenant ever had."""
    keys = [tenant_key(installation.secret, GONE, generation) for generation in (1, 2)]
    folders = {path.rsplit("/", 1)[0] for path in published(installation)} & {f"v1/t/{key}" for key in keys}
    found = {path: path for path in published(installation) if any(path.startswith(f"{each}/") for each in folders)}
    assert sorted(found) == sorted(f"v1/t/{key}/dashboard.json" for key in keys)
    return [document(installation, path) for path in found]


def test_a_tombstone_stands_where_its_dashboards_were(lived: Installation) -> None:
    last = document(lived, address(lived, GONE).path)["seq"]
    forget(lived, GONE)
    standing = tombs(lived)
    assert [list(each) for each in standing] == [["schema", "seq", "gone"]] * 2
    assert all(each["gone"] is True and each["seq"] > last for each in standing)
    run(lived, NOW)
    before = published(lived)
    run(lived, NOW)
    assert {path for path, content in published(lived).items() if content != before.get(path)} == {"v1/status.json"}


def test_rows_that_still_come_are_counted_and_nothing_else(lived: Installation, sql: Sql) -> None:
    """Trap 14: marked late, fresh, without an hour, marked whole by init, restored after a purge, or moved to it."""
    forget(lived, GONE)
    run(lived, NOW)
    was = stored(sql)
    comes: list[Callable[[], object]] = [
        lambda: sql.request("2026-03-08T10:40:00Z", GONE, endpoint="/late"),
        lambda: sql.usage("2026-03-10T11:50:00Z", GONE, amount=None),
        lambda: sql("insert into api_requests (tenant_id, created_at) values (%s, '-infinity')", GONE),
        lambda: sql("update usage_records set tenant_id = %s where tenant_id = %s", GONE, GONE),
        lambda: sql("update tenants set name = %s, timezone = 'Europe/Berlin' where id = %s", NAME, GONE),
        lambda: sql("insert into quotas values (%s, 'ai_tokens_m-1', 5, 'day', 1)", GONE),
        lambda: (sql("truncate pipeline.watched"), install(lived)),
        lambda: sql("insert into prices values ('ai_tokens_m-1', 20, 1, 'NGN', '2026-03-10Z')"),
    ]
    for come in comes:
        come()
        run(lived, NOW)
        assert mentions(lived, sql, GONE, NAME) == []
        assert_agrees(lived)
    assert stored(sql) == was
    by_source = (
        "select source, sum(rows)::int from rollup.rejected_hourly where reason = 'forgotten' group by 1 order by 1"
    )
    raw = "select count(*)::int from {} where tenant_id = %s"
    assert sql(by_source) == [
        ("api_requests", sql.one(raw.format("api_requests"), GONE)),
        ("usage_records", sql.one(raw.format("usage_records"), GONE)),
    ]
    sql("delete from api_requests where tenant_id = %s", GONE)
    sql("delete from usage_records where tenant_id = %s", GONE)
    run(lived, NOW + timedelta(hours=1))
    assert sql(by_source) == []
    assert mentions(lived, sql, GONE, NAME) == []
    assert_agrees(lived)


def stored(sql: Sql) -> dict[str, list[tuple[object, ...]]]:
    tables = ("api_hourly", "api_daily", "usage_hourly", "usage_daily", "mrr_movements")
    return {table: sql(f"select * from rollup.{table} order by 1, 2, 3") for table in tables}


def test_what_somebody_brings_back_by_hand_is_repaired_away(lived: Installation, sql: Sql) -> None:
    forget(lived, GONE)
    sql(
        "insert into rollup.api_hourly select %s, bucket_start, endpoint, requests, client_errors, server_errors, "
        "duration_ms_sum, duration_ms_min, duration_ms_max, duration_count, duration_sketch from rollup.api_hourly where tenant_id = 't2'",
        GONE,
    )
    assert not reconcile(lived).agrees
    assert reconcile(lived, repair=True).agrees
    assert mentions(lived, sql, GONE, NAME) == ["pipeline.runs"]  # which say what differed
    forget(lived, GONE)
    assert mentions(lived, sql, GONE, NAME) == []


def test_a_read_only_source_cannot_bring_it_back(lived: Installation, sql: Sql) -> None:
    forget(lived, GONE)
    reading = installation_on(address_of(lived), lived.settings.home, TENANTCAST_MARKING="reconcile")
    install(reading)
    run(reading, NOW)
    sql.request("2026-03-10T10:40:00Z", GONE, endpoint="/late")
    run(reading, NOW)
    assert mentions(reading, sql, GONE, NAME) == []
    assert (
        sql.one(
            "select rows from rollup.rejected_hourly where reason = 'forgotten' and bucket_start = '2026-03-10 10:00Z'"
        )
        == 1
    )
    assert_agrees(reading)
    reading.database.engine.dispose()


def test_a_publisher_that_was_late_brings_nothing_back(
    lived: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 14: it has shaped the files, loses its slots, sleeps through the erasure, and puts."""
    sql.request("2026-03-08T10:45:00Z", GONE)
    roll(lived, NOW)
    late = installation_on(address_of(lived), lived.settings.home)
    put, written = FileStore.put, []

    def asleep(store: FileStore, path: str, content: bytes, **how: Any) -> str:
        if store is late.store and not written:
            monkeypatch.setattr(publisher, "still_held", lambda holder: None)
            sql.cut_publishers()
            forget(lived, GONE)
        if store is late.store:
            written.append(path)
        return put(store, path, content, **how)

    monkeypatch.setattr(FileStore, "put", asleep)
    with pytest.raises(TransientError):
        publish(late, NOW)
    monkeypatch.undo()
    assert any(GONE in gzip.decompress(published(lived)[path]).decode() for path in written)
    assert [each for each in mentions(lived, sql, GONE, NAME) if each.startswith("pipeline.")] == []
    run(lived, NOW)
    assert mentions(lived, sql, GONE, NAME) == []
    assert len(tombs(lived)) == 2
    assert_agrees(lived)
    sql("update pipeline.forgotten set swept_until = clock_timestamp()")
    assert tombstones.sweep(lived, still_held=lambda: None) == 0
    late.database.engine.dispose()


def export_late(late: Installation) -> None:
    """Publish what all tenants share as tables."""
    export(late)


def announce_late(late: Installation) -> None:
    """Publish what all tenants share as pages."""
    publish(late, NOW)
    announce(late, NOW)


@pytest.mark.parametrize(("work", "place"), [(export_late, "v1/export/"), (announce_late, "v1/platform/")])
def test_who_was_late_with_what_all_tenants_share_brings_nothing_back(
    lived: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, work: Callable[[Installation], None], place: str
) -> None:
    """Trap 14: of the platform's pages and of the export no folder is closed, so the files that went are remembered."""
    sql.request("2026-03-08T10:45:00Z", GONE)
    roll(lived, NOW)
    late = installation_on(address_of(lived), lived.settings.home)
    put, written, one_by_one = FileStore.put, [], threading.Lock()

    def asleep(store: FileStore, path: str, content: bytes, **how: Any) -> str:
        if store is late.store and path.startswith(place):
            with one_by_one:
                written.append(path)
                if len(written) == 1:
                    sql.cut_publishers()
                    forget(lived, GONE)
        return put(store, path, content, **how)

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "put", asleep)
        with pytest.raises(TransientError):
            work(late)
    late.database.engine.dispose()
    listed = {str(path) for (path,) in sql(CURRENT)}
    back = {*written} & published(lived).keys() - listed
    assert back, "it is late indeed"
    assert {*mentions(lived, sql, GONE, NAME)} == back
    assert run(lived, NOW).status.collected == len(back)
    assert mentions(lived, sql, GONE, NAME) == []
    assert_agrees(lived)
    assert export(lived).collected == 0


def test_a_first_export_that_is_at_work_is_waited_for(
    lived: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has read the tenant's rows and noted no file yet, so there seems to be none."""
    sql("delete from pipeline.exports")
    for path in [*lived.store.list("v1/export")]:
        lived.store.delete(path)
    plan, alone, reading, asked = Ledger.plan, republishing.alone, threading.Event(), threading.Event()

    def slow(ledger: Ledger, entry: Entry) -> None:
        reading.set()
        assert asked.wait(30)
        plan(ledger, entry)

    @contextmanager
    def ask(database: Database) -> Iterator[Any]:
        asked.set()
        with alone(database) as holder:
            yield holder

    monkeypatch.setattr(Ledger, "plan", slow)
    monkeypatch.setattr(republishing, "alone", ask)
    with ThreadPoolExecutor(1) as other:
        exporting = other.submit(export, installation_on(address_of(lived), lived.settings.home))
        assert reading.wait(30)
        receipt = forget(lived, GONE)
        exporting.result()
    assert receipt.complete
    assert receipt.export_files > 0
    assert mentions(lived, sql, GONE, NAME) == []


def test_what_killed_writes_have_left_of_what_all_tenants_share_goes(lived: Installation, sql: Sql) -> None:
    public = lived.settings.home / "public"
    places = {path.rsplit("/", 1)[0] for path in published(lived) if path.startswith(("v1/platform/", "v1/export/"))}
    drafts = [public / place / f"{DRAFT}{number}" for number, place in enumerate(sorted(places))]
    for draft in drafts:
        draft.write_text(GONE)
    forget(lived, GONE)
    assert [draft for draft in drafts if draft.exists()] == []


def test_it_is_not_done_while_older_files_of_the_platform_have_to_wait(
    lived: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another publisher is cut off as it writes the summary: nobody knows which one is up, and so what it lists."""
    awaited = republishing.slots_awaited

    def cut_off(database: Database, *, otherwise: str) -> Any:
        sql("update pipeline.platform_files set content_hash = '' where kind = 'summary'")
        return awaited(database, otherwise=otherwise)

    with monkeypatch.context() as patched:
        patched.setattr(republishing, "slots_awaited", cut_off)
        with pytest.raises(TransientError, match="Older files of the platform are still there: forget again"):
            forget(lived, GONE)
    assert forget(lived, GONE).complete
    assert mentions(lived, sql, GONE, NAME) == []


def test_what_comes_back_in_place_of_a_tombstone_or_beside_it_is_found_and_goes(lived: Installation, sql: Sql) -> None:
    """As from a backup of the store, long after publishes look there by themselves."""
    path = address(lived, GONE).path
    old = lived.store.get(path)
    assert old
    forget(lived, GONE)
    run(lived, NOW)
    sql("update pipeline.forgotten set swept_until = clock_timestamp()")
    first, second = (f"v1/t/{tenant_key(lived.secret, GONE, each)}" for each in (1, 2))
    assert path.startswith(f"{second}/")
    for back in (path, f"{first}/hourly/2026-03-08.0123456789ab.json"):
        lived.store.put(back, old, cache_control="no-store")
    assert reconcile(lived).files.found == {"not in the ledger": 2}
    reconcile(lived, repair=True)
    assert mentions(lived, sql, GONE, NAME) == []
    assert [each["gone"] for each in tombs(lived)] == [True, True]
    assert_agrees(lived)


@pytest.mark.parametrize("owners", [(GONE, "t2"), ("t2", GONE), (GONE, "t2", GONE), ("t2", GONE, "t2")])
def test_a_subscription_that_changed_hands_counts_once_on_every_day(
    ready: Installation, own: Sql, owners: tuple[str, ...]
) -> None:
    for tenant in (GONE, "t2"):
        own.tenant(tenant)
    own(
        "insert into subscriptions (plan, status, monthly_amount, started_at) values ('pro', 'active', 100, '2026-03-01Z')"
    )
    for day, owner in enumerate(owners):
        own("update subscriptions set tenant_id = %s", owner)
        run(ready, NOW + day * DAY)
    days = "select day, sum(mrr) from rollup.mrr_daily where day < %s group by day order by day"
    today = (NOW + (len(owners) - 1) * DAY).date()
    before = own(days, today)
    forget(ready, GONE)
    for later in (0, 1, 2):
        run(ready, NOW + (len(owners) + later) * DAY)
        assert_mrr_adds_up(own)
    assert own(days, today) == before
    left = own.one("select coalesce(sum(mrr), 0) from rollup.mrr_daily where day = %s", today + 2 * DAY)
    assert left == (100 if owners[-1] == "t2" else 0)
    own("delete from pipeline.mrr_progress")
    run(ready, NOW + (len(owners) + 3) * DAY)
    assert_mrr_adds_up(own)
    assert own(days, today) == before


def test_it_waits_for_a_tick_and_a_publisher_and_says_who_stays_at_work(
    lived: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.reconcile.settling.LONGEST_WAIT", 0.0)
    monkeypatch.setattr(publisher, "PATIENCE", 0.0)
    before = published(lived)
    with ticking(lived.database), pytest.raises(TransientError, match=r"Another tick is at work.*run forget again"):
        forget(lived, GONE)
    assert sql.one("select count(*) from pipeline.forgotten") == 0
    with slots_held(lived.database), pytest.raises(TransientError, match=r"A publisher has been at work.*forget again"):
        forget(lived, GONE)
    assert published(lived) == before
    roll(lived, NOW)
    assert forget(lived, GONE).complete
    assert mentions(lived, sql, GONE, NAME) == []
    assert_agrees(lived)


STEPS = ("erase", "_remove_files", "delete_raw_rows", "republish", "tell_the_edge")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_stopped_at_any_step_it_goes_on_and_the_receipt_is_whole(
    lived: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    """Trap 14."""
    real = getattr(forgetting, step)

    def killed(*given: Any) -> None:
        if after:
            real(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(forgetting, step, killed)
    with pytest.raises(KeyboardInterrupt):
        forget(lived, GONE, raw=True)
    monkeypatch.undo()
    run(lived, NOW)
    receipt = forget(lived, GONE, raw=True)
    assert mentions(lived, sql, GONE, NAME) == []
    assert (receipt.complete, receipt.rows["rollup.api_hourly"], receipt.rows["rollup.usage_hourly"]) == (True, 4, 3)
    assert (receipt.files, receipt.raw["api_requests"], receipt.raw["tenants"]) == (22, 9, 1)
    assert_agrees(lived)
    again = forget(lived, GONE, raw=True)
    assert again.to_json() == {**receipt.to_json(), "edge_until": again.edge_until}


def test_raw_rows_go_only_when_asked_for_and_a_few_at_a_time(
    lived: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = ("api_requests", "usage_records", "subscriptions", "quotas")
    of_it = [f"select count(*) from {table} where tenant_id = '{GONE}'" for table in tables]
    others = [f"select count(*) from {table} where tenant_id <> '{GONE}'" for table in tables]
    left, untouched = [sql.one(each) for each in of_it], [sql.one(each) for each in others]
    assert forget(lived, GONE).raw == {}
    assert [sql.one(each) for each in of_it] == left
    monkeypatch.setattr("pipeline.forgetting.raw_rows.AT_A_TIME", 2)
    receipt = forget(lived, GONE, raw=True)
    assert receipt.raw == {**dict(zip(tables, left, strict=True)), "tenants": 1}
    assert [sql.one(each) for each in of_it] == [0] * 4
    assert [sql.one(each) for each in others] == untouched
    assert sql.one("select count(*) from tenants") == 2
    run(lived, NOW)
    assert sql.one("select count(*) from rollup.rejected_hourly where reason = 'forgotten'") == 0
    assert_agrees(lived)


def test_a_source_that_refuses_is_named_and_the_rest_is_erased(lived: Installation, sql: Sql) -> None:
    sql("create table invoices (tenant_id text references tenants)")
    sql("insert into invoices values (%s)", GONE)
    receipt = forget(lived, GONE, raw=True)
    assert list(receipt.raw_left) == ["tenants"]
    assert "invoices" in receipt.raw_left["tenants"]
    assert not receipt.complete
    assert mentions(lived, sql, GONE, NAME) == []
    sql("delete from invoices")
    assert forget(lived, GONE, raw=True).complete


def test_the_edge_is_told_and_where_that_fails_told_again(lived: Installation, sql: Sql, tmp_path: Path) -> None:
    noted = tmp_path / "paths"
    program = tmp_path / "tell.py"
    settings = replace(lived.settings, invalidate_command=(sys.executable, str(program)))
    telling = Installation(settings)
    program.write_text("import sys; sys.exit('the edge is away')")
    receipt = forget(telling, GONE)
    assert "FAILED" in receipt.invalidation
    assert "the edge is away" in receipt.invalidation
    assert not receipt.complete
    program.write_text(
        f"import os, sys; open({str(noted)!r}, 'w').write(sys.stdin.read()); sys.exit('TENANTCAST_SECRET' in os.environ)"
    )
    assert forget(telling, GONE).complete
    told = noted.read_text().split()
    assert len([path for path in told if path.startswith("v1/t/")]) == 22
    assert any(path.endswith("/summary.json") for path in told)
    assert any(path.endswith("/manifest.json") for path in told)
    assert any(path.endswith(".parquet") for path in told)
    assert sql.one("select to_invalidate from pipeline.forgotten") == []
    telling.database.engine.dispose()


def test_the_receipt_names_nobody_and_tells_until_when_copies_live(lived: Installation, sql: Sql) -> None:
    receipt = forget(lived, GONE)
    told = json.dumps(receipt.to_json())
    assert GONE not in told
    assert receipt.tenant == sql.one("select digest from pipeline.forgotten")
    until = sql.one("select %s::timestamptz - clock_timestamp()", receipt.edge_until)
    assert timedelta(hours=24) < until < timedelta(hours=26)  # type: ignore[operator]
    assert sql.one("select report - 'seconds' from pipeline.runs where verb = 'forget'") == receipt.to_json()


def test_the_verbs_speak_of_it(
    lived: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment_of(lived).items():
        monkeypatch.setenv(name, value)
    assert main(["forget", "nobody"]) == 1
    assert "nobody knows it" in capsys.readouterr().err
    assert main(["forget", GONE, "--raw", "--dry-run"]) == 0
    foretold = capsys.readouterr().out
    assert "would erase: rollup.api_hourly, 4 rows" in foretold
    assert main(["forget", GONE]) == 0
    receipt = capsys.readouterr().out
    assert "all is erased" in receipt
    stays = [line.strip() for line in receipt.splitlines() if "stays under a random id" in line]
    assert [line for line in foretold.splitlines() if "random id" in line] == [
        line.replace("stays", "would stay") for line in stays
    ]
    assert main(["forget", GONE, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["complete"]
    assert main(["why", GONE]) == 0
    said = capsys.readouterr().out
    assert "was forgotten" in said
    assert "rollup.api_hourly, 4 rows" in said
    assert main(["url", GONE]) == 1
    assert "was forgotten" in capsys.readouterr().err
    assert main(["doctor"]) in (0, 1)
    assert GONE not in capsys.readouterr().out


def test_a_stranger_can_be_forgotten(ready: Installation, own: Sql) -> None:
    own.tenant()
    own.request("2026-03-09T10:00:00Z", "stranger-1")
    run(ready, NOW)
    receipt = forget(ready, "stranger-1")
    assert (receipt.complete, receipt.files) == (True, 0)
    assert mentions(ready, own, "stranger-1") == []
    assert_agrees(ready)
    (stand_in,) = own("select tenant_id from pipeline.stand_ins")[0]
    with pytest.raises(PermanentError, match="stands for one that was forgotten"):
        forget(ready, str(stand_in))


@pytest.mark.parametrize(
    ("kind", "gone"), [("bigint", "9007199254740993"), ("uuid", "0b0f6ed0-6b5e-4c1b-9d6e-2f1f5f6c7a10")]
)
def test_ids_of_any_type(databases: Databases, tmp_path: Path, kind: str, gone: str) -> None:
    installation = installation_on(databases.make(), tmp_path)
    with psycopg.connect(address_of(installation), autocommit=True) as connection:
        sql = Sql(connection)
        sql(
            f"create table tenants (id {kind} primary key, name text not null, plan text not null, created_at timestamptz default now())"
        )
        install(installation)
        other = "1" if kind == "bigint" else "11111111-6b5e-4c1b-9d6e-2f1f5f6c7a10"
        for tenant in (gone, other):
            sql("insert into tenants values (%s, 'N', 'pro')", tenant)
            sql.request("2026-03-09T10:00:00Z", tenant)
        run(installation, NOW)
        assert forget(installation, gone.upper()).complete
        assert mentions(installation, sql, gone) == []
        assert sql.one("select count(*) from pipeline.activity_daily") == 2
        assert_agrees(installation)
    installation.database.engine.dispose()


def test_runs_that_named_it_do_so_no_more_and_all_else_in_them_stays(ready: Installation, own: Sql) -> None:
    for tenant in ("1", "10"):
        own.tenant(tenant)
        own.request("2026-03-09T10:00:00Z", tenant)
    run(ready, NOW)
    report = {"seq": 1, "failures": {"1": "tenant 1: x", "10": "tenant 10: y"}, "differences": [{"tenant_id": "1"}]}
    own(
        "update pipeline.runs set report = %s, error = 'Tenant ''1'': gone, 1.5 s' where run_id = 1", json.dumps(report)
    )
    assert forget(ready, "1").texts >= 1
    named = {"seq": 1, "failures": {"(forgotten)": "tenant (forgotten): x", "10": "tenant 10: y"}}
    assert own.one("select report from pipeline.runs where run_id = 1") == {
        **named,
        "differences": [{"tenant_id": "(forgotten)"}],
    }
    assert dashboards(ready) == ["10"]


def test_a_tenant_by_the_name_of_a_field_takes_no_field_along(ready: Installation, own: Sql) -> None:
    own.tenant("seq")
    own.request("2026-03-09T10:00:00Z", "seq")
    run(ready, NOW)
    own("update pipeline.runs set report = report || %s where run_id = 1", json.dumps({"unusable": {"seq": "seq: x"}}))
    before = own.one("select report from pipeline.runs where run_id = 1")
    assert forget(ready, "seq").complete
    assert own.one("select report from pipeline.runs where run_id = 1") == before | {
        "unusable": {"(forgotten)": "(forgotten): x"}
    }


def dashboards(installation: Installation) -> list[str]:
    found = [document(installation, path) for path in published(installation) if path.endswith("/dashboard.json")]
    return [each["tenant"]["id"] for each in found if "tenant" in each]


def test_a_receipt_goes_on_where_an_earlier_one_ended() -> None:
    receipt = Receipt(files=2)
    receipt.add_earlier({"files": 3, "rows": {"a": 1}})
    receipt.add_earlier({"rows": {"a": 1, "b": 0}})
    assert (receipt.files, receipt.rows) == (5, {"a": 2, "b": 0})


def test_a_tenant_without_id_and_name_is_named_by_nothing() -> None:
    nobody = Subject(id="", typed="", names=(), keys=(), files=0)
    assert unnamed("Tenant '': gone", nobody) == "Tenant '': gone"
