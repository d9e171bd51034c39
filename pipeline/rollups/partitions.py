"""Partitions of the rollup tables by time: made before they are filled, dropped by retention; no reader waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection

from pipeline.database.connection import Database, driver, execute, rows
from pipeline.rollups.backlog import Chunk
from pipeline.rollups.ticking import ticking

HOURLY = ("api_hourly", "usage_hourly")  # partitions of a month
DAILY = ("api_daily", "usage_daily")  # partitions of a year
AHEAD = timedelta(days=45)
ZONES = timedelta(days=2)  # no zone's day is farther from the UTC day of one of its hours
DETACH_TIMEOUT = "2s"
DROP_LOCK = 2_950_113_406  # any number, the same for every tick
LEFT_FOR_THE_NEXT = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.UndefinedTable,  # somebody else has just dropped it
)


@dataclass(frozen=True)
class Partition:
    """One partition of a rollup table: [start_on, end_on), in UTC; the first has no start."""

    rollup: str
    name: str
    start_on: date | None
    end_on: date | None  # None: taken off its table, not dropped yet
    attached: bool
    pending: bool  # somebody was stopped while taking it off

    def covers(self, day: date) -> bool:
        """Say whether rows of a day have their place here."""
        return self.end_on is not None and (self.start_on is None or self.start_on <= day) and day < self.end_on


@dataclass(frozen=True)
class Retention:
    """How many days of hours and of days are kept; None: for ever."""

    hourly_days: int | None
    daily_days: int | None


def ensure_partitions(database: Database, chunks: Iterable[Chunk], through: datetime) -> list[str]:
    """Make the partitions that these chunks fill, and those of the time ahead; give their names."""
    spans = [(chunk.start, chunk.end) for chunk in chunks] + [(through, through + AHEAD)]
    days = {day for start, end in spans for day in _days_between(start - ZONES, end + ZONES)}
    hours = {day for start, end in spans for day in _days_between(start, end)}
    with database.transaction() as connection:
        present, kept = _present(connection), execute(connection, "tick/progress").one()
    if kept.hours_from:  # what lies before is frozen, its partitions are gone for ever
        hours = {day for day in hours if day >= (kept.hours_from - ZONES).date()}
        days = {day for day in days if day >= (kept.hours_from - ZONES).date().replace(month=1, day=1)}
    wanted = _missing(present, HOURLY, hours, _month) + _missing(present, DAILY, days, _year)
    if wanted:
        with ticking(database) as connection:
            for each in wanted:
                _add(connection, each)
    return [each.name for each in wanted]


def _days_between(start: datetime, end: datetime) -> list[date]:
    """Give a day of each month that [start, end) touches."""
    first, last = start.astimezone(UTC).date().replace(day=1), end.astimezone(UTC).date()
    months = (last.year - first.year) * 12 + last.month - first.month
    steps = (first.month - 1 + step for step in range(months + 1))
    return [date(first.year + step // 12, step % 12 + 1, 1) for step in steps]


def _month(day: date) -> tuple[str, date, date]:
    after = day.replace(day=1) + timedelta(days=32)
    return f"{day:%Y_%m}", day.replace(day=1), after.replace(day=1)


def _year(day: date) -> tuple[str, date, date]:
    return f"{day:%Y}", date(day.year, 1, 1), date(day.year + 1, 1, 1)


def _missing(
    present: Sequence[Partition],
    rollups: Sequence[str],
    days: Iterable[date],
    unit: Callable[[date], tuple[str, date, date]],
) -> list[Partition]:
    units = sorted({unit(day) for day in days}, key=lambda each: each[1])
    return [
        Partition(rollup, f"{rollup}_{suffix}", start, end, attached=False, pending=False)
        for rollup in rollups
        for suffix, start, end in units
        if not any(each.rollup == rollup and each.covers(start) for each in present)
    ]


def _add(connection: Connection, each: Partition) -> None:
    assert each.start_on is not None
    assert each.end_on is not None
    clock = " 00:00:00+00" if each.rollup in HOURLY else ""
    bounds = {"lower_bound": f"{each.start_on}{clock}", "upper_bound": f"{each.end_on}{clock}"}
    execute(connection, "partitions/add", rollup=each.rollup, partition=each.name, **bounds)


def drop_old_partitions(database: Database, retention: Retention, through: datetime) -> list[str]:
    """Drop what retention no longer keeps; give the names of what was dropped.

    First, as the only writer, it is noted from where on rollups are kept, so that nothing is written there any more.
    A partition that long readers hold on to is left for the next tick.
    """
    with database.transaction() as connection:
        due = _due(_present(connection), retention, through)
        holding = [each for each in due if _holds(connection, each)]
    hours = max((each.end_on for each in holding if each.rollup in HOURLY and each.end_on), default=None)
    days = max((each.end_on for each in holding if each.rollup in DAILY and each.end_on), default=None)
    if hours or days:
        with ticking(database) as connection:
            execute(connection, "partitions/keep_from", hours_from=_frozen_before(hours), days_from=days)
    # Without the first partition a row of the far past would have no place; once it has gone, such rows are frozen.
    return _drop(database, [each for each in due if each in holding or each.start_on or not each.attached])


def _present(connection: Connection) -> list[Partition]:
    return [Partition(**row._mapping) for row in rows(connection, "partitions/present", rollups=[*HOURLY, *DAILY])]


def _due(present: Sequence[Partition], retention: Retention, through: datetime) -> list[Partition]:
    """Give what lies wholly before what is kept, and what a killed run has left half dropped."""
    kept = {HOURLY: retention.hourly_days, DAILY: retention.daily_days}
    before = {
        rollup: (through - timedelta(days=days) - ZONES).date()
        for rollups, days in kept.items()
        if days
        for rollup in rollups
    }
    return [
        each
        for each in present
        if not each.attached
        or each.pending
        or (each.end_on and each.rollup in before and each.end_on <= before[each.rollup])
    ]


def _holds(connection: Connection, each: Partition) -> bool:
    if not each.attached or each.pending:
        return False
    statement = "partitions/any_hours" if each.rollup in HOURLY else "partitions/any_days"
    return bool(execute(connection, statement, start=each.start_on, end=each.end_on).scalar_one())


def _frozen_before(dropped_to: date | None) -> datetime | None:
    return datetime.combine(dropped_to, time(), UTC) + ZONES if dropped_to else None


def _drop(database: Database, due: Sequence[Partition]) -> list[str]:
    dropped: list[str] = []
    if not due:
        return dropped
    with database.transaction() as alone, database.autocommit() as connection:
        if not alone.exec_driver_sql(f"select pg_try_advisory_xact_lock({DROP_LOCK})").scalar_one():
            return dropped
        connection.exec_driver_sql(f"set lock_timeout = '{DETACH_TIMEOUT}'")
        try:
            # One that is half taken off keeps every other from being taken off.
            for each in sorted(due, key=lambda one: not one.pending):
                _detach(driver(connection), each)
                dropped.append(each.name)
        except LEFT_FOR_THE_NEXT:
            pass  # a long reader, mostly; the next tick goes on from here
        finally:
            connection.exec_driver_sql("reset lock_timeout")
    return dropped


def _detach(connection: psycopg.Connection[object], each: Partition) -> None:
    names = {"rollup": Identifier("rollup", each.rollup), "name": Identifier("rollup", each.name)}
    if each.attached:
        how = SQL("finalize" if each.pending else "concurrently")
        connection.execute(SQL("alter table {rollup} detach partition {name} {how}").format(**names, how=how))
    connection.execute(SQL("drop table {name}").format(**names))
