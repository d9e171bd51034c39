"""One history of an installation: what the SaaS does to its rows, what becomes of the runs, and how it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event

from pipeline.errors import BusyError, NothingRolledError
from pipeline.installation import Installation
from pipeline.publish.publisher import publish
from pipeline.publish.status import announce
from pipeline.publish.stores import Store
from pipeline.reconcile.backfill import Asked, backfill
from pipeline.reconcile.reconciling import ReconcileReport, reconcile
from pipeline.rollups.tick import roll
from pipeline.run import run
from tests.checks import Reader, assert_as_from_scratch, assert_settled, patiently, price_all_anew, run_to_the_end
from tests.conftest import NOW, Databases, Sql, installation_on
from tests.horizon import Horizon
from tests.mrr_sums import assert_mrr_adds_up, assert_mrr_is_that_of_now
from tests.processes import ended_well, kill, start
from tests.recompute import UNUSABLE_ZONE, recomputed, stored

ZONES = (None, "America/New_York", "Pacific/Auckland", "Atlantic/Azores", UNUSABLE_ZONE)
API = ("api_requests", "tenant_id", "created_at", "endpoint", "status_code", "duration_ms")
USAGE = ("usage_records", "tenant_id", "created_at", "quota_type", "amount")
# What somebody does to a rollup by hand: to one row, or beside it at the start of the same day or month.
ROLLUPS = {
    "api_hourly": ("bucket_start", "day", "endpoint", "requests"),
    "api_daily": ("day", "month", "endpoint", "requests"),
    "usage_hourly": ("bucket_start", "day", "quota_type", "amount"),
    "usage_daily": ("day", "month", "quota_type", "amount"),
}
ONE_ROW = """(tenant_id, {at}, {name}) = (select tenant_id, {at}, {name} from rollup.{table} order by 1, 2, 3
    offset %s %% greatest(1, (select count(*) from rollup.{table})) limit 1)"""
TAMPERING = {
    "change": "update rollup.{table} set {measure} = {measure} + 1 where " + ONE_ROW,
    "delete": "delete from rollup.{table} where " + ONE_ROW,
    "insert": """insert into rollup.{table}
        select (jsonb_populate_record(r, jsonb_build_object('{at}', date_trunc('{unit}', {at}), '{name}', 'by hand'))).*
        from rollup.{table} r where """ + ONE_ROW + " on conflict do nothing",
}  # fmt: skip
SILENT = -1
BESIDE = ("backfill", "--from", "2026-02-28", "--to", "2026-03-10", "--reason", "beside others")
# Rows that another open transaction has in hand are passed over, or this one process would wait for itself.
WHICH = "id in (select id from {table} order by id offset %s limit %s for update skip locked)"


@dataclass(frozen=True)
class Place:
    """A few rows of a table, counted from the oldest."""

    table: Sequence[str]
    offset: int
    rows: int

    def where(self) -> str:
        """Give the condition, which takes offset and rows."""
        return WHICH.format(table=self.table[0])


class Crash(BaseException):
    """What a killed process does next: nothing. No handler of errors stops it."""


class Fuse:
    """Counts the steps of a doomed process, statements, commits and writes; from some step on, each of them fails."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.lock = threading.Lock()

    def burn(self, *_: object, **__: object) -> None:
        """Take a step."""
        with self.lock:
            self.left -= 1
            if self.left < 0:
                raise Crash

    def lay(self, installation: Installation) -> None:
        """Have every step of an installation burn it."""
        for step in ("before_cursor_execute", "commit"):
            event.listen(installation.database.engine, step, self.burn)
        installation.__dict__["store"] = Doomed(installation.store, self)


class Doomed:
    """A store whose process dies before a write, or right after it."""

    def __init__(self, store: Store, fuse: Fuse) -> None:
        self.store, self.fuse = store, fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def put(self, path: str, content: bytes, *, cache_control: str, over: str | None = None) -> str:
        """Write a file, perhaps for the last time."""
        self.fuse.burn()
        version = self.store.put(path, content, cache_control=cache_control, over=over)
        self.fuse.burn()
        return version

    def delete(self, path: str) -> None:
        """Remove a file, perhaps for the last time."""
        self.fuse.burn()
        self.store.delete(path)
        self.fuse.burn()


class History:
    """An installation, the SaaS that writes into its database, and everybody who works on it."""

    def __init__(self, databases: Databases, template: str, home: Path, *, purges: bool = False) -> None:
        self.databases, self.template, self.home = databases, template, home
        self.address = databases.make(template)
        self.sql = Sql(psycopg.connect(self.address, autocommit=True))
        self.silent = Sql(psycopg.connect(self.address, autocommit=True))
        self.silent("set session_replication_role = replica")
        self.horizon = Horizon(self.sql) if purges else None
        self.installation = self._installation()
        self.reader = Reader(self.installation)
        self.open: list[Sql] = []
        self.now = NOW
        self.tampered = False
        self.by_hand: dict[tuple[str, str], int] = {}
        for name, zone in zip(("t1", "t2", "t3"), ZONES, strict=False):
            self.sql.tenant(name, timezone=zone)

    def _installation(self) -> Installation:
        more = {"TENANTCAST_RAW_HORIZON_DAYS": str(self.horizon.days)} if self.horizon else {}
        made = installation_on(self.address, self.home / "ours", **more)
        made.progress.say = lambda line: None  # type: ignore[method-assign]
        return made

    # What the SaaS does

    def writer(self, number: int) -> Sql:
        """Give an open transaction; what commits at once where there is none of that number; who leaves no mark."""
        if number == SILENT:
            self.tampered = True
            return self.silent
        return self.open[number - 1] if 0 < number <= len(self.open) else self.sql

    def insert(self, writer: int, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows with one statement."""
        table, *names = columns
        values = ", ".join(f"({', '.join(['%s'] * len(names))})" for _ in rows)
        flat = [value for row in rows for value in row]
        self.writer(writer)(f"insert into {table} ({', '.join(names)}) values {values}", *flat)

    def replace(self, writer: int, place: Place, columns: Sequence[str], row: Sequence[Any]) -> None:
        """Put one row's values in the place of others."""
        table, *names = columns
        at = Place(columns, place.offset, place.rows)
        places = ", ".join(["%s"] * len(names))
        statement = f"update {table} set ({', '.join(names)}) = ({places}) where {at.where()}"
        self.writer(writer)(statement, *row, at.offset, at.rows)

    def move(self, writer: int, place: Place, hours: int) -> None:
        """Move rows in time."""
        statement = f"update {place.table[0]} set created_at = created_at + %s where {place.where()}"
        self.writer(writer)(statement, timedelta(hours=hours), place.offset, place.rows)

    def delete(self, writer: int, place: Place) -> None:
        """Delete rows."""
        self.writer(writer)(f"delete from {place.table[0]} where {place.where()}", place.offset, place.rows)

    def truncate(self, columns: Sequence[str]) -> None:
        """Empty a table."""
        self.sql(f"truncate {columns[0]}")

    def begin(self) -> None:
        """Open a transaction."""
        self.open.append(Sql(psycopg.connect(self.address)))

    def end(self, which: int, *, commit: bool) -> None:
        """End one of the open transactions."""
        connection = self.open.pop(which % len(self.open)).connection
        if commit:
            connection.commit()
        connection.close()

    def tenant(self, name: str, *, zone: str | None, called: str, deleted: bool) -> None:
        """Add a tenant or change it."""
        self.sql(
            """insert into tenants (id, name, plan, timezone, deleted_at) values (%s, %s, 'pro', %s, case when %s then now() end)
            on conflict (id) do update set name = excluded.name, timezone = excluded.timezone, deleted_at = excluded.deleted_at""",
            name, called, zone, deleted,
        )  # fmt: skip

    def drop_tenant(self, name: str) -> None:
        """Delete a tenant's row."""
        self.sql("delete from tenants where id = %s", name)

    def subscribe(self, number: int, row: Sequence[Any] | None) -> None:
        """Add a subscription, put another in its place, or take it away."""
        self.sql("delete from subscriptions where id = %s", number)
        if row is not None:
            self.sql(
                "insert into subscriptions (id, tenant_id, plan, status, monthly_amount, currency, started_at, ended_at)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s)",
                number,
                *row,
            )

    def rate(self, day: int, rate: str) -> None:
        """Add a rate of USD, or put another in its place."""
        self.sql("delete from fx_rates where rate_date = make_date(2026, 3, %s)", day)
        self.sql("insert into fx_rates values ('USD', 'NGN', %s, make_date(2026, 3, %s), 'cbn')", rate, day)

    def wait(self, hours: int) -> None:
        """Let time pass."""
        self.now += timedelta(hours=hours)

    # What nobody should do, and what is done about it

    def tamper(self, table: str, what: str, row: int) -> None:
        """Change a rollup by hand."""
        at, unit, name, measure = ROLLUPS[table]
        statement = TAMPERING[what].format(table=table, at=at, unit=unit, name=name, measure=measure)
        self.sql(statement, row)
        self.tampered = True
        self.by_hand[table, what] = row

    def reconcile(self, *, repair: bool) -> None:
        """Compare all with all: what nobody has tampered with agrees at any time, and anything does after a repair."""
        if self.sql.one("select data_through from pipeline.progress") is None:
            return

        def busy(report: ReconcileReport) -> bool:
            return bool(report.busy or (report.repair and report.repair.busy))

        report = patiently(lambda: reconcile(self.installation, repair=repair), busy)
        self.reader.look()
        assert report.agrees or (self.tampered and not repair), report.lines()

    def freeze(self) -> None:
        """The first run of a history with a horizon: from then on frozen hours stay as they are."""
        if self.horizon:
            self.horizon.fill(self.sql)
            self.work("run")
            self.horizon.note(self.sql)

    def purge(self, columns: Sequence[str]) -> None:
        """Raw rows beyond the horizon go."""
        assert self.horizon
        self.horizon.purge(self.sql, columns[0])

    # What becomes of the runs

    def work(self, verb: str) -> None:
        """A verb works undisturbed; only what was killed before may still be in its way for a moment."""
        patiently(lambda: self._done(self.installation, verb), lambda done: not done)
        self.reader.look()

    def crash(self, verb: str, steps: int) -> None:
        """A verb dies after so many steps, unless it needs fewer."""
        doomed = self._installation()
        try:
            Fuse(steps).lay(doomed)
            self._done(doomed, verb)
        except Crash:
            pass
        finally:
            doomed.database.engine.dispose()
        self.reader.look()

    def kill(self, verb: str, after: float) -> None:
        """A process of its own is killed."""
        kill(self.installation, self.sql, self._words(verb), after=after)
        self.reader.look()

    def overlap(self, verbs: Sequence[str]) -> None:
        """Processes of their own work, and this one does beside them."""
        if {"publish", "backfill"} & set(verbs):
            self.work("rollup")
        processes = [start(self.installation, self._words(verb)) for verb in verbs]
        while any(process.poll() is None for process in processes):
            self._done(self.installation, "run")
            self.reader.look()
        for process in processes:
            ended_well(process)

    def backfill(self, hour: str, hours: int) -> None:
        """A range of hours is redone on purpose, where it has been rolled up at all."""
        start = datetime.fromisoformat(hour).replace(minute=0, second=0, microsecond=0)
        asked = Asked(start, start + timedelta(hours=hours), "a history")
        through = self.sql.one("select data_through from pipeline.progress")
        if isinstance(through, datetime) and start < through:
            patiently(lambda: backfill(self.installation, asked), lambda report: bool(report.busy))
            self.reader.look()

    def _words(self, verb: str) -> Sequence[str]:
        return BESIDE if verb == "backfill" else (verb, "--as-of", self.now.isoformat())

    def _done(self, installation: Installation, verb: str) -> bool:
        """Do what a verb does; say whether it was done, and not left to somebody else."""
        steps: dict[str, Sequence[Callable[[Installation, datetime], object]]] = {
            "run": (run,), "rollup": (roll,), "publish": (publish, announce),
        }  # fmt: skip
        try:
            reports = [step(installation, self.now) for step in steps[verb]]
        except BusyError:
            return False
        except NothingRolledError:
            return verb == "publish"
        return not any(getattr(report, "busy", None) for report in reports)

    # How it ends

    def settle(self) -> None:
        """End all transactions, run once more, and compare with what the rows give, and with another installation."""
        while self.open:
            self.end(0, commit=True)
        run_to_the_end(self.installation, self.now)
        self.reader.look()
        self.reconcile(repair=False)
        if self.by_hand or self.tampered:
            for (table, what), row in list(self.by_hand.items()):  # ticks put much of it right
                self.tamper(table, what, row)
            self.reconcile(repair=True)
        if self.horizon:
            self.horizon.restore(self.silent)
        assert stored(self.sql) == recomputed(self.sql)
        assert_mrr_adds_up(self.sql)
        assert_mrr_is_that_of_now(self.sql)
        # Files of a tenant whose zone cannot be used are what they were before it was named.
        self.sql("update tenants set timezone = null where timezone = %s", UNUSABLE_ZONE)
        run_to_the_end(self.installation, self.now)
        price_all_anew(self.installation)
        self.reader.look()
        assert_as_from_scratch(self.installation, self.databases, self.template, home=self.home / "fresh", at=self.now)
        assert_settled(self.installation, self.sql, self.now)

    def close(self) -> None:
        """Leave no connection behind."""
        for each in (self.sql, self.silent, *self.open):
            each.connection.close()
        self.installation.database.engine.dispose()
