"""The tick: take the marks, recompute their buckets, replace them, queue the tenants; one chunk one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from pipeline.database.connection import Database, again_on_conflict, define, execute, rows
from pipeline.errors import BusyError, PermanentError
from pipeline.installation import Installation
from pipeline.rollups.backlog import Chunk, MarkedHour, plan
from pipeline.rollups.days import redo_days
from pipeline.rollups.tenants import sync_tenants
from pipeline.runs import as_dict, clock, hour_of, json_time, recorded, require_installed
from pipeline.sources.adopt import adopt_partitions
from pipeline.sources.catalog import quoted

ROLLUPS = {
    "api_requests": ("api_hourly", "api_daily", "rejected_hourly/fill_api"),
    "usage_records": ("usage_hourly", "usage_daily", "rejected_hourly/fill_usage"),
}
WORK_MEM = "256MB"
ANALYZE_FROM = 100_000


@dataclass
class RollReport:
    """What a tick did; `oldest` is the earliest bucket that was redone."""

    data_through: datetime | None = None
    marks: int = 0
    buckets: int = 0
    oldest: datetime | None = None
    chunks: int = 0
    days: int = 0
    tenants_changed: int = 0
    seconds: float = 0.0
    seconds_by_step: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the time that the body takes to a step."""
        began = time.monotonic()
        yield
        self.seconds_by_step[step] = round(self.seconds_by_step.get(step, 0) + time.monotonic() - began, 3)

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return as_dict(self)


def roll(installation: Installation, as_of: datetime | None = None) -> RollReport:
    """Bring the rollups up to the last hour that is complete at `as_of`, by default now.

    Raises BusyError when another tick is at work, PermanentError when `as_of` lies behind what is rolled up.
    """
    database, report, began = installation.database, RollReport(), time.monotonic()
    require_installed(database)
    with recorded(database, "rollup", as_of or clock(database), report) as run:
        through = _through(database, run.as_of, asked=as_of is not None)
        adopt_partitions(database, installation.settings.source)
        timezone = installation.settings.timezone
        report.tenants_changed = again_on_conflict(lambda: sync_tenants(database, timezone, through, ticking))
        _redo_backlog(installation, through, report)
        with database.transaction() as connection:
            execute(connection, "tick/advance", through=through)
        report.data_through = through
        report.seconds = round(time.monotonic() - began, 3)
    return report


@contextmanager
def ticking(database: Database, *held: str) -> Iterator[Connection]:
    """One transaction as the only writer of rollups: the locks come first, then the snapshot.

    `held` are quoted names of raw tables. ACCESS SHARE, the lock of any reader, keeps a TRUNCATE, which ignores
    snapshots, from slipping in between.
    """
    with database.transaction("REPEATABLE READ") as connection:
        try:
            connection.exec_driver_sql("lock table pipeline.tick_lock in exclusive mode nowait")
            for table in held:
                define(connection, f"lock table {table} in access share mode")
        except OperationalError as error:
            if isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise BusyError("Another tick is at work; it does what is due, there is nothing to do here.") from None
            raise
        yield connection


def _through(database: Database, as_of: datetime, *, asked: bool) -> datetime:
    """Give the hour to work up to; only a time that was asked for can lie behind what is done, and is refused then."""
    with database.transaction() as connection:
        done: datetime | None = execute(connection, "tick/progress").one().data_through
    through = hour_of(as_of)
    if done is None or through >= done:
        return through
    if asked:
        raise PermanentError(
            f"Rollups are complete through {json_time(done)}; as of {json_time(through)} lies behind that. "
            "Ask for a later time, or use another database to show the past."
        )
    return done


def _redo_backlog(installation: Installation, through: datetime, report: RollReport) -> None:
    database = installation.database
    with database.transaction() as connection:
        tenants = execute(connection, "tenants/count").scalar_one()
        waiting = [MarkedHour(**row._mapping) for row in rows(connection, "ledger/backlog", through=through)]
        first = execute(connection, "tick/progress").one().data_through is None
    # Nothing is frozen before the first tick is through: it rolls up all that is there.
    days = installation.settings.raw_horizon_days
    horizon = timedelta(days=days) if days and not first else None
    chunks = plan(waiting, tenants)
    with installation.progress.step(
        "Rolling up", total=sum(chunk.changes for chunk in chunks), unit="changed rows"
    ) as step:
        for chunk in chunks:
            _redo(installation, chunk, report, through=through, horizon=horizon)
            step.advance(chunk.changes)
    if sum(chunk.changes for chunk in chunks if chunk.by_scan) >= ANALYZE_FROM:
        _analyze(database)


def _redo(
    installation: Installation, chunk: Chunk, report: RollReport, *, through: datetime, horizon: timedelta | None
) -> None:
    """One chunk: what its marks say is taken from the ledger, recomputed from this snapshot, and queued."""
    hourly, daily, fill_rejected = ROLLUPS[chunk.source]
    settings = installation.settings
    raw = settings.source[chunk.source]
    with ticking(installation.database, quoted(raw.schema, raw.table)) as connection:
        connection.exec_driver_sql(f"set local work_mem = '{WORK_MEM}'")
        execute(connection, "tick/workspace")
        taken = execute(
            connection,
            "tick/take_marks",
            source=chunk.source,
            start=chunk.start,
            end=chunk.end,
            horizon=horizon,
        ).one()
        if not taken.marks:
            return
        connection.exec_driver_sql("analyze redo")
        whole = execute(connection, "tick/any_whole").scalar_one()
        place = {"start": chunk.start, "end": chunk.end, "by_scan": chunk.by_scan or whole}
        execute(connection, "tick/touch_marked")
        with report.timed("hours"):
            _redo_hours(connection, hourly, place)
        with report.timed("rejected"):
            _redo_rejected(connection, chunk.source, fill_rejected, place)
        with report.timed("days"):
            report.days += redo_days(connection, timezone=settings.timezone, through=through, tables=(daily,))
        report.marks += taken.marks
        report.buckets += taken.buckets
        report.chunks += 1
        oldest = execute(connection, "tick/oldest").scalar_one()
        report.oldest = min(filter(None, (report.oldest, oldest)), default=None)


def _redo_hours(connection: Connection, hourly: str, place: dict[str, Any]) -> None:
    execute(connection, f"{hourly}/clear", **place)
    # Nearly every sketch key of a whole range is a group of its own: hashing them costs memory, and sorts anyway.
    connection.exec_driver_sql(f"set local enable_hashagg = {'off' if place['by_scan'] else 'on'}")
    execute(connection, f"{hourly}/fill", **place)
    connection.exec_driver_sql("set local enable_hashagg = on")


def _redo_rejected(connection: Connection, source: str, fill: str, place: dict[str, Any]) -> None:
    execute(connection, "rejected_hourly/clear", source=source, by_scan=place["by_scan"])
    execute(connection, fill, source=source, **place)
    execute(connection, "rejected_hourly/sum_clear", source=source)
    execute(connection, "rejected_hourly/sum_fill", source=source)


def _analyze(database: Database) -> None:
    """A first build leaves tables that the planner knows nothing of."""
    with database.autocommit() as connection:
        for hourly, daily, _ in ROLLUPS.values():
            connection.exec_driver_sql(f"analyze rollup.{hourly}")
            connection.exec_driver_sql(f"analyze rollup.{daily}")
