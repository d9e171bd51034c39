"""Anything that can happen, in any order: rows, open transactions, ticks, crashes between any two steps, overlaps,
tampering with rows and rollups, purges beyond a horizon, subscriptions and rates that change.

At the end of each history the rollups are what the raw rows give, MRR adds up on every day, and the files are those of an
installation that has seen nothing of it. A history follows from its seed; SOAK_SEEDS says how many there are, SOAK_FIRST
with which they begin.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.conftest import Databases
from tests.history import API, ROLLUPS, SILENT, TAMPERING, USAGE, ZONES, History, Place

SEEDS = range(
    int(os.environ.get("SOAK_FIRST", "0")),
    int(os.environ.get("SOAK_FIRST", "0")) + int(os.environ.get("SOAK_SEEDS", "20")),
)
STEPS = 30
PROCESSES_AT_MOST = 2 if "SOAK_SEEDS" in os.environ else 1  # in one history: each costs a second
RECONCILES_AT_MOST = 3  # so does each of these
WITH_HORIZON = 4  # of so many histories one has raw rows purged beyond a horizon

TENANTS = ("t1", "t2", "t3", "a stranger", None)
# On both sides of what cuts time up: hours, midnights in the zones, the present.
TIMES = (
    "2025-12-31T22:59:59.999999Z",
    "2026-02-28T23:00:00Z",
    "2026-03-08T04:59:59.999999Z",
    "2026-03-08T05:00:00Z",
    "2026-03-08T22:59:59.999999Z",
    "2026-03-08T23:00:00Z",
    "2026-03-09T03:59:59.999999Z",
    "2026-03-09T11:30:00Z",
    "2026-03-09T23:00:00Z",
    "2026-03-10T11:59:59.999999Z",
    "2026-03-10T12:00:00Z",
    "2026-03-10T13:30:00Z",
    "2026-03-11T09:00:00Z",
    "infinity",
    "0044-03-15 12:00:00+00 BC",
)
tenants, times = st.sampled_from(TENANTS), st.sampled_from(TIMES)
requests = st.tuples(
    tenants,
    times,
    st.sampled_from(("/a", "/a", "/b", None)),
    st.sampled_from((200, 200, 404, 500, 999, None)),
    st.sampled_from((0.0, 0.0004, 12.3456, 99.9, 5000.0, None, float("nan"), float("inf"), -1.0, 4e10)),
)
records = st.tuples(
    tenants,
    times,
    st.sampled_from(("ai_tokens_m-1", "ai_tokens_end", "storage_gb", None)),
    st.sampled_from(("1000", "0", "0.1", "9007199254740993", "NaN", "-5", None)),
)
batches = st.lists(requests, min_size=1, max_size=5).map(lambda rows: (API, rows)) | st.lists(
    records, min_size=1, max_size=5
).map(lambda rows: (USAGE, rows))
subscriptions = st.tuples(
    st.sampled_from(("t1", "t2", "a stranger")),
    st.sampled_from(("pro", "max")),
    st.sampled_from(("active", "active", "canceled")),
    st.sampled_from(("0", "0.1", "100", "49.9958")),
    st.sampled_from(("NGN", "USD")),
    st.sampled_from(TIMES[:-2]),
    st.none() | st.sampled_from(TIMES[:-1]),
)
# Which connection writes: the one whose statements commit at once, or one of the transactions that are open.
writers = st.integers(0, 3)
chosen = st.builds(Place, st.sampled_from((API, USAGE)), st.integers(0, 6), st.integers(1, 3))
tamperings = st.tuples(st.sampled_from(sorted(ROLLUPS)), st.sampled_from(sorted(TAMPERING)), st.integers(0, 30))
verbs = st.sampled_from(("run", "run", "rollup", "publish"))


class Machine(RuleBasedStateMachine):
    """One history."""

    def __init__(self, histories: Histories) -> None:
        super().__init__()
        self.history = histories.make()
        self.simplest = histories.made == 1
        self.processes = 0
        self.reconciles = 0

    @initialize(first=batches, second=batches, by_hand=st.lists(tamperings, min_size=2, max_size=3))
    def begin(self, first: Any, second: Any, by_hand: list[tuple[str, str, int]]) -> None:
        """Some rows are there when the first tick comes; before the last repair, rollups are changed by hand."""
        if not self.history.horizon:
            self.history.by_hand = {(table, what): row for table, what, row in by_hand}
        for columns, rows in (first, second):
            self.history.insert(0, columns, rows)
        self.history.freeze()

    @rule(writer=writers, batch=batches, one_by_one=st.booleans())
    def insert(self, writer: int, batch: Any, one_by_one: bool) -> None:
        """Rows come, on time or late, good or bad."""
        columns, rows = batch
        for some in [[row] for row in rows] if one_by_one else [rows]:
            self.history.insert(writer, columns, some)

    @rule(writer=writers, place=chosen, batch=batches)
    def replace(self, writer: int, place: Place, batch: Any) -> None:
        """Rows become others: other numbers, another hour, another tenant."""
        columns, rows = batch
        self.history.replace(writer, place, columns, rows[0])

    @rule(writer=writers, place=chosen, hours=st.sampled_from((-48, -24, -1, 1, 2, 24)))
    def move(self, writer: int, place: Place, hours: int) -> None:
        """Rows move in time."""
        self.history.move(writer, place, hours)

    @rule(writer=writers, place=chosen)
    def delete(self, writer: int, place: Place) -> None:
        """Rows go."""
        self.history.delete(writer, place)

    @rule(table=st.sampled_from((API, USAGE)))
    @precondition(lambda self: not self.history.open)
    def truncate(self, table: Any) -> None:
        """All rows go at once; a TRUNCATE would wait for open transactions."""
        self.history.truncate(table)

    @rule(table=st.sampled_from((API, USAGE)))
    @precondition(lambda self: self.history.horizon)
    def purge(self, table: Any) -> None:
        """What is beyond the horizon is deleted, and rollups stay."""
        self.history.purge(table)

    @rule(what=st.sampled_from(("insert", "replace", "delete")), place=chosen, batch=batches)
    @precondition(lambda self: not self.history.horizon)
    def tamper_with_rows(self, what: str, place: Place, batch: Any) -> None:
        """Rows change, and no trigger sees it."""
        columns, rows = batch
        if what == "insert":
            self.history.insert(SILENT, columns, rows)
        elif what == "replace":
            self.history.replace(SILENT, place, columns, rows[0])
        else:
            self.history.delete(SILENT, place)

    @rule(tampering=tamperings)
    @precondition(lambda self: not self.history.horizon)
    def tamper_with_rollups(self, tampering: tuple[str, str, int]) -> None:
        """Somebody changes a rollup by hand."""
        self.history.tamper(*tampering)

    @rule(repair=st.booleans())
    @precondition(lambda self: self.reconciles < RECONCILES_AT_MOST)
    def reconcile(self, repair: bool) -> None:
        """All is compared with all, and repaired."""
        self.reconciles += 1
        self.history.reconcile(repair=repair)

    @rule()
    @precondition(lambda self: len(self.history.open) < 3)
    def open_transaction(self) -> None:
        """A transaction begins that stays open."""
        self.history.begin()

    @rule(which=st.integers(0, 2), commit=st.sampled_from((True, True, False)))
    @precondition(lambda self: self.history.open)
    def end_transaction(self, which: int, commit: bool) -> None:
        """It ends, in whatever order."""
        self.history.end(which, commit=commit)

    @rule(tenant=st.integers(1, 4), zone=st.sampled_from(ZONES), name=st.sampled_from(("A", "Ọjà")), gone=st.booleans())
    def change_tenant(self, tenant: int, zone: str | None, name: str, gone: bool) -> None:
        """A tenant appears, is renamed, moves to another zone, is deleted or comes back."""
        self.history.tenant(f"t{tenant}", zone=zone, called=name, deleted=gone and tenant > 2)

    @rule(tenant=st.integers(2, 4))
    def drop_tenant(self, tenant: int) -> None:
        """Its row goes altogether."""
        self.history.drop_tenant(f"t{tenant}")

    @rule(number=st.integers(1, 3), row=st.none() | subscriptions, then=st.none() | verbs)
    def change_subscription(self, number: int, row: Any, then: str | None) -> None:
        """A subscription begins, becomes another, or is no longer there."""
        self.history.subscribe(number, row)
        if then:
            self.history.work(then)

    @rule(day=st.integers(1, 11), rate=st.sampled_from(("1500", "1600.5", "0.1")))
    def change_rate(self, day: int, rate: str) -> None:
        """A rate comes, on time or late, or becomes another."""
        self.history.rate(day, rate)

    @rule(hours=st.sampled_from((1, 1, 2, 11, 24)))
    def wait(self, hours: int) -> None:
        """Time passes."""
        self.history.wait(hours)

    @rule(verb=verbs)
    def work(self, verb: str) -> None:
        """A verb does its work undisturbed."""
        self.history.work(verb)

    @rule(verb=verbs, steps=st.integers(1, 160))
    def crash(self, verb: str, steps: int) -> None:
        """A verb dies between any two of its statements and writes."""
        self.history.crash(verb, steps)

    @rule(hour=st.sampled_from(TIMES[:-2]), hours=st.integers(1, 72))
    def backfill(self, hour: str, hours: int) -> None:
        """A range is redone on purpose."""
        self.history.backfill(hour, hours)

    @rule(verb=verbs, after=st.floats(0, 0.5))
    @precondition(lambda self: self.processes < PROCESSES_AT_MOST)
    def kill(self, verb: str, after: float) -> None:
        """A process of its own is killed."""
        self.processes += 1
        self.history.kill(verb, after)

    @rule(several=st.lists(verbs | st.just("backfill"), min_size=2, max_size=2))
    @precondition(lambda self: self.processes < PROCESSES_AT_MOST)
    def overlap(self, several: list[str]) -> None:
        """Processes of their own work while this one does."""
        some = several[: PROCESSES_AT_MOST - self.processes]
        self.processes += len(some)
        self.history.overlap(some)

    def teardown(self) -> None:
        """All transactions end, a last run comes, and all must be as if there had been nothing but the rows."""
        try:
            if sys.exc_info()[0] is None and not self.simplest:
                self.history.settle()
        finally:
            self.history.close()


@dataclass
class Histories:
    """Makes histories, each in a database of its own, and takes them away."""

    databases: Databases
    template: str
    home: Path
    purges: bool
    made: int = 0

    def make(self) -> History:
        """A fresh one."""
        self.made += 1
        shutil.rmtree(self.home, ignore_errors=True)
        self.databases.drop_all()
        self.databases.made.clear()
        return History(self.databases, self.template, self.home, purges=self.purges)


@pytest.mark.parametrize("number", SEEDS)
def test_any_history_ends_in_what_the_rows_give(
    databases: Databases, template: str, tmp_path: Path, number: int
) -> None:
    """Traps 1, 2, 3, 5 and 6, met in random order."""
    histories = Histories(databases, template, tmp_path / "histories", purges=number % WITH_HORIZON == 0)
    run_state_machine_as_test(
        seed(number)(lambda: Machine(histories)),
        settings=settings(
            max_examples=2,  # the first is always the simplest one: one rule again and again
            stateful_step_count=STEPS,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            deadline=None,
            database=None,
            print_blob=False,
        ),
    )
