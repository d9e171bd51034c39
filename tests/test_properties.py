"""Whatever happens to raw rows and in whatever order, rollups and files are what the rows that are left give."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import Phase, example, given, note, settings
from hypothesis import strategies as st

from pipeline.installation import Installation
from pipeline.publish.keys import address
from pipeline.rollups.tick import roll
from pipeline.run import run
from tests.conftest import NOW, Databases, Sql, address_of, document, installation_on
from tests.recompute import Row, places, recomputed, stored


def bounded(examples: int) -> settings:
    """The same examples every time; histories are short enough to read without minutes of shrinking."""
    phases = (Phase.explicit, Phase.generate)
    return settings(derandomize=True, deadline=None, database=None, max_examples=examples, phases=phases)


# In the Azores and in Havana, midnight comes twice when clocks go back; in Havana it is skipped when they go forward.
ZONES = (None, "America/New_York", "Pacific/Auckland", "Africa/Accra", "Atlantic/Azores", "America/Havana")
TENANTS = ("t1", "t2", "t3", "a stranger", None)
# On both sides of what cuts time up: hours, midnights in the zones, a change of clocks, now.
TIMES = (
    "2025-10-25T23:59:59.999999Z",
    "2025-10-26T00:00:00Z",
    "2025-10-26T01:30:00Z",
    "2025-11-02T03:59:59.999999Z",
    "2025-11-02T04:30:00Z",
    "2025-11-02T05:00:00Z",
    "2025-12-31T22:59:59.999999Z",
    "2026-02-28T23:00:00Z",
    "2026-03-08T04:59:59.999999Z",
    "2026-03-08T05:00:00Z",
    "2026-03-08T07:00:00Z",
    "2026-03-08T10:59:59.999999Z",
    "2026-03-08T22:59:59.999999Z",
    "2026-03-08T23:00:00Z",
    "2026-03-09T03:59:59.999999Z",
    "2026-03-09T11:30:00Z",
    "2026-03-09T23:00:00Z",
    "2026-03-10T03:59:59.999999Z",
    "2026-03-10T11:59:59.999999Z",
    "2026-03-10T12:00:00Z",
    "2026-03-10T13:30:00Z",
)
DURATIONS = (0.0, 0.0004, 0.001, 12.3456, 99.9, 100.0, 5000.0, None, float("nan"), float("inf"), -1.0, 4e10)
STATUSES = (200, 200, 404, 500, 999, None)
AMOUNTS = ("1000", "0", "0.1", "9007199254740993", "NaN", "-5", None)
KINDS = ("ai_tokens_m-1", "ai_tokens_end", "storage_gb", None)
API = ("tenant_id", "created_at", "endpoint", "status_code", "duration_ms")
USAGE = ("tenant_id", "created_at", "quota_type", "amount")


@dataclass(frozen=True)
class Rows:
    """Rows of one table; to insert, or one to put in another's place."""

    table: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Step:
    """Something that happens: `insert`, `update`, `delete`, `truncate`, `zone`, `tick`."""

    what: str
    rows: Rows | None = None
    place: int = 0
    value: Any = None


@st.composite
def batches(draw: st.DrawFn, most: int = 6) -> st.SearchStrategy[Rows]:
    """Make a strategy for rows of few tenants and times, so that they meet in the same buckets."""
    tenants = st.sampled_from(draw(st.lists(st.sampled_from(TENANTS), min_size=1, max_size=2, unique=True)))
    first = draw(st.integers(0, len(TIMES) - 3))
    times = st.sampled_from(TIMES[first : first + draw(st.integers(2, 5))])
    durations, statuses = st.sampled_from(DURATIONS), st.sampled_from(STATUSES)
    requests = st.tuples(tenants, times, st.sampled_from(("/a", "/a", "/b", None)), statuses, durations)
    records = st.tuples(tenants, times, st.sampled_from(KINDS), st.sampled_from(AMOUNTS))
    return st.one_of(
        st.builds(Rows, st.just("api_requests"), st.lists(requests, min_size=1, max_size=most).map(tuple)),
        st.builds(Rows, st.just("usage_records"), st.lists(records, min_size=1, max_size=most).map(tuple)),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """Make a few rows, and then all that can happen to them, with ticks in between."""
    some, place = draw(batches()), st.integers(0, 3)
    tick = st.builds(Step, st.just("tick"), place=st.sampled_from((0, 0, 0, 1, 2)))
    change = st.builds(Step, st.sampled_from(("insert", "update", "update", "delete")), some, place)
    rare = st.builds(Step, st.just("truncate"), some) | st.builds(
        Step, st.just("zone"), place=st.integers(1, 3), value=st.sampled_from(ZONES)
    )
    first = [draw(st.builds(Step, st.just("insert"), some)) for _ in range(2)]
    rest = st.lists(st.one_of(tick, tick, change, change, change, rare), min_size=2, max_size=10)
    return [*first, Step("tick"), *draw(rest)]


@dataclass(repr=False)
class World:
    """One database and store, used again for every example; `now` is the time of the next tick."""

    installation: Installation
    sql: Sql
    now: datetime = NOW
    kept: frozenset[str] = field(default=frozenset({"pipeline.watched", "pipeline.zones", "pipeline.progress"}))

    def empty(self) -> None:
        """Bring everything back to what it was after `init`, with three tenants."""
        self.now = NOW
        self.sql("truncate tenants, api_requests, usage_records")
        self.empty_state()
        for name, zone in zip(TENANTS[:3], ZONES, strict=False):
            self.sql.tenant(str(name), timezone=zone)

    def empty_state(self) -> None:
        """Forget all that was rolled up and published."""
        tables = self.sql(
            """select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname in ('pipeline', 'rollup') and c.relkind = 'r'"""
        )
        names = sorted({str(name) for (name,) in tables} - self.kept)
        self.sql(f"truncate {', '.join(names)}")
        self.sql("update pipeline.progress set data_through = null, published_through = null")
        shutil.rmtree(self.installation.settings.home / "public", ignore_errors=True)

    def happen(self, step: Step) -> None:
        """Do what a step says to the raw rows; a tick only moves the time."""
        table = step.rows.table if step.rows else ""
        columns = API if table == "api_requests" else USAGE
        which = f"id = (select id from {table} order by id offset {step.place} %% greatest((select count(*) from {table}), 1) limit 1)"
        if step.what == "insert" and step.rows:
            self.insert(table, step.rows.rows)
        elif step.what == "update" and step.rows:
            self.sql(
                f"update {table} set ({', '.join(columns)}) = ({_places(columns)}) where {which}", *step.rows.rows[0]
            )
        elif step.what == "delete":
            self.sql(f"delete from {table} where {which} and %s", True)
        elif step.what == "truncate":
            self.sql(f"truncate {table}")
        elif step.what == "zone":
            self.sql("update tenants set timezone = %s where id = %s", step.value, f"t{step.place}")
        elif step.what == "tick":
            self.now += timedelta(hours=step.place)

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Insert rows with one statement."""
        if rows:
            columns = API if table == "api_requests" else USAGE
            values = ", ".join(f"({_places(columns)})" for _ in rows)
            flat = [value for row in rows for value in row]
            self.sql(f"insert into {table} ({', '.join(columns)}) values {values}", *flat)

    def raw(self) -> dict[str, list[Row]]:
        """The raw rows that are there, without their ids."""
        return {
            "api_requests": self.sql(f"select {', '.join(API)} from api_requests order by id"),
            "usage_records": self.sql(f"select {', '.join(USAGE)} from usage_records order by id"),
        }

    def files(self) -> dict[str, Any]:
        """All that a frontend can reach, by tenant and page, without stamps."""
        found: dict[str, Any] = {}
        for (tenant,) in self.sql("select id from tenants order by id"):
            place = address(self.installation, str(tenant)).path
            dashboard = document(self.installation, place)
            for page in (each for pages in dashboard["pages"].values() for each in pages):
                found[f"{tenant} {page['path']}"] = document(
                    self.installation, f"{place.rsplit('/', 1)[0]}/{page['path']}"
                )
            found[str(tenant)] = _without_stamps(dashboard)
        return found


def _places(columns: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(columns))


def _without_stamps(dashboard: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(dashboard))
    for holder in (plain, *plain["periods"].values(), *(each["usage_trend"] for each in plain["periods"].values())):
        for stamp in ("seq", "data_through", "start", "end"):
            holder.pop(stamp, None)
    return plain


@pytest.fixture(scope="module")
def world(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A database that every example empties and uses again."""
    databases = Databases(server)
    installation = installation_on(databases.make(template), tmp_path_factory.mktemp("world"))
    installation.progress.say = lambda line: None  # type: ignore[method-assign]
    with psycopg.connect(address_of(installation), autocommit=True) as connection:
        yield World(installation, Sql(connection))
    installation.database.engine.dispose()
    databases.drop_all()


# The properties


def two_midnights(zone: str, first: str, second: str) -> list[Step]:
    """A history in which both midnights of one day get a row, one tick after the other."""
    rows = [Rows("api_requests", (("t1", at, "/a", 200, 5.0),)) for at in (second, first)]
    return [Step("zone", place=1, value=zone), Step("insert", rows[0]), Step("tick"), Step("insert", rows[1])]


AZORES = two_midnights("Atlantic/Azores", "2025-10-26T00:00:00Z", "2025-10-26T01:30:00Z")
HAVANA = two_midnights("America/Havana", "2025-11-02T04:30:00Z", "2025-11-02T05:00:00Z")


@bounded(30)
@given(history=histories())
@example(history=AZORES)
@example(history=HAVANA)
def test_what_is_stored_is_what_is_recomputed_and_twice_is_once(world: World, history: list[Step]) -> None:
    world.empty()
    for each in history:
        world.happen(each)
        if each.what == "tick":
            roll(world.installation, world.now)
            assert stored(world.sql) == recomputed(world.sql)
    roll(world.installation, world.now)
    assert stored(world.sql) == recomputed(world.sql)
    before = places(world.sql)
    again = roll(world.installation, world.now)
    assert (again.marks, again.buckets, again.days, again.tenants_changed) == (0, 0, 0, 0)
    assert places(world.sql) == before


@bounded(15)
@given(history=histories(), seed=st.integers(0, 1000))
@example(  # a zone in which what was yesterday is today
    history=[
        Step("insert", Rows("api_requests", (("t2", "2026-03-09T23:00:00Z", "/a", 200, 5.0),))),
        Step("tick"),
        Step("zone", place=2, value=None),
    ],
    seed=0,
)
def test_files_after_any_history_are_those_of_a_first_publish(world: World, history: list[Step], seed: int) -> None:
    """Also: the rows in another order, all at once instead of piece by piece, give the same rollups."""
    world.empty()
    for each in history:
        world.happen(each)
        if each.what == "tick":
            run(world.installation, world.now)
    run(world.installation, world.now)
    rollups, files, rows = stored(world.sql), world.files(), world.raw()
    note(f"tenants: {world.sql('select id, timezone from tenants order by id')}")

    world.sql("truncate api_requests, usage_records")
    world.empty_state()
    for table in rows:
        random.Random(seed).shuffle(rows[table])
        world.insert(table, rows[table])
    run(world.installation, world.now)
    assert stored(world.sql) == rollups
    assert world.files() == files


@bounded(15)
@given(
    rows=batches(3).flatmap(lambda some: st.lists(some, min_size=2, max_size=5)),
    seed=st.integers(0, 1000),
    cuts=st.sets(st.integers(1, 14)),
)
def test_any_order_and_split_gives_the_same_rollups(world: World, rows: list[Rows], seed: int, cuts: set[int]) -> None:
    world.empty()
    for each in rows:
        world.insert(each.table, each.rows)
    roll(world.installation, world.now)
    whole = stored(world.sql)

    world.empty()
    single = [(each.table, row) for each in rows for row in each.rows]
    random.Random(seed).shuffle(single)
    for number, (table, row) in enumerate(single):
        world.insert(table, [row])
        if number in cuts:
            roll(world.installation, world.now)
    roll(world.installation, world.now)
    assert stored(world.sql) == whole
