"""Partitions of the rollup tables by time: made before they are filled, dropped by retention; no reader waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection

from pipeline.database.connection import Database, driver, execute, rows
from pipeline.rollups.backlog import Chunk
from pipeline.rollups.ticking import ticking

HOURLY = {"api_requests": "api_hourly", "usage_records": "usage_hourly"}  # partitions of a month
DAILY = {"api_requests": "api_daily", "usage_records": "usage_daily"}  # partitions of a year
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


def ensure_partitions(
    database: Database, chunks: Sequence[Chunk], through: datetime, retention: Retention
) -> list[str]:
    """Make the partitions that these chunks fill, and those of the time ahead; give their names."""
    with database.transaction() as connection:
        present, kept = _present(connection), execute(connection, "tick/progress").one()
    # What lies before is frozen, its partitions are gone for ever.
    since = (kept.hours_from - ZONES).date() if kept.hours_from else date.min
    wanted: list[Partition] = []
    for source, hourly in HOURLY.items():
        spans = [(chunk.start, chunk.end) for chunk in chunks if chunk.source == source] + [(through, through + AHEAD)]
        hours = {day for start, end in spans for day in _days_between(start, end) if day >= since}
        days = {day for start, end in spans for day in _days_between(start - ZONES, end + ZONES)}
        wanted += _missing_months(present, hourly, hours, _kept_from(retention.hourly_days, through))
        wanted += _missing_years(present, DAILY[source], {day for day in days if day >= since.replace(month=1, day=1)})
    if wanted:
        with ticking(database) as connection:
            for each in wanted:
                _add(connection, each)
    return [each.name for each in wanted]


def _kept_from(days: int | None, through: datetime) -> date:
    """Give the day before which retention keeps nothing."""
    return (through - timedelta(days=days) - ZONES).date() if days else date.min


def _days_between(start: datetime, end: datetime) -> list[date]:
    """Give a day of each month that [start, end) touches."""
    first, last = start.astimezone(UTC).date().replace(day=1), end.astimezone(UTC).date()
    months = (last.year - first.year) * 12 + last.month - first.month
    steps = (first.month - 1 + step for step in range(months + 1))
    return [date(first.year + step // 12, step % 12 + 1, 1) for step in steps]


def _missing_months(present: Sequence[Partition], rollup: str, days: set[date], kept_from: date) -> list[Partition]:
    """Give a partition a month; what retention drops at the end of this very tick shares one."""
    there = [each for each in present if each.rollup == rollup]
    wanted: list[Partition] = []
    for start in sorted(days):
        end = _next_month(start)
        if any(each.covers(start) for each in [*there, *wanted]):
            continue
        if end <= kept_from:
            later = [each.start_on for each in there if each.start_on and each.start_on > start]
            end = min([*later, kept_from.replace(day=1)])
        wanted.append(_named(there, rollup, f"{start:%Y_%m}", start, end))
    return wanted


def _next_month(start: date) -> date:
    return (start + timedelta(days=32)).replace(day=1)


def _missing_years(present: Sequence[Partition], rollup: str, days: set[date]) -> list[Partition]:
    there = [each for each in present if each.rollup == rollup]
    years = sorted({day.replace(month=1, day=1) for day in days})
    return [
        _named(there, rollup, f"{start:%Y}", start, start.replace(year=start.year + 1))
        for start in years
        if not any(each.covers(start) for each in there)
    ]


def _named(there: Sequence[Partition], rollup: str, suffix: str, start: date, end: date) -> Partition:
    """Give a partition to make; the name of a table that somebody has taken off by hand is left to that."""
    taken, name, number = {each.name for each in there}, f"{rollup}_{suffix}", 1
    while name in taken:
        number += 1
        name = f"{rollup}_{suffix}_{number}"
    return Partition(rollup, name, start, end, attached=False, pending=False)


def _add(connection: Connection, each: Partition) -> None:
    assert each.start_on is not None
    assert each.end_on is not None
    clock = " 00:00:00+00" if each.rollup in HOURLY else ""
    bounds = {"lower_bound": f"{each.start_on}{clock}", "upper_bound": f"{each.end_on}{clock}"}
    execute(connection, "partitions/add", rollup=each.rollup, partition=each.name, **bounds)


def drop_old_partitions(database: Database, retention: Retention, through: datetime) -> list[str]:
    """Drop what retention no longer keeps; give the names of what was dropped.

    First, as the only writer, it is written down from where on rollups are kept, so that nothing is filled there any
    more, and what is to be dropped. A partition that long readers hold on to is left for the next tick.
    """
    with database.transaction() as connection:
        due = any(_due(connection, retention, through))
        left = rows(connection, "partitions/dropping")
    if due:
        with ticking(database) as connection:
            _write_down(connection, _due(connection, retention, through))
    elif not left:
        return []
    return _drop(database)


def _present(connection: Connection) -> list[Partition]:
    rollups = [*HOURLY.values(), *DAILY.values()]
    return [Partition(**row._mapping) for row in rows(connection, "partitions/present", rollups=rollups)]


def _due(connection: Connection, retention: Retention, through: datetime) -> list[Partition]:
    """Give the partitions with rows that all lie before what is kept."""
    before = dict.fromkeys(HOURLY.values(), _kept_from(retention.hourly_days, through))
    before |= dict.fromkeys(DAILY.values(), _kept_from(retention.daily_days, through))
    old = [
        each
        for each in _present(connection)
        if each.attached and not each.pending and each.end_on and each.end_on <= before[each.rollup]
    ]
    return [each for each in old if _holds(connection, each)]


def _holds(connection: Connection, each: Partition) -> bool:
    statement = "partitions/any_hours" if each.rollup in HOURLY.values() else "partitions/any_days"
    return bool(execute(connection, statement, start=each.start_on, end=each.end_on).scalar_one())


def _write_down(connection: Connection, due: Sequence[Partition]) -> None:
    """An empty partition goes along with the ones around it: nothing is filled before these times any more."""
    hours = max((each.end_on for each in due if each.rollup in HOURLY.values() and each.end_on), default=None)
    days = max((each.end_on for each in due if each.rollup in DAILY.values() and each.end_on), default=None)
    frozen_before = datetime.combine(hours, time(), UTC) + ZONES if hours else None
    execute(connection, "partitions/keep_from", hours_from=frozen_before, days_from=days)
    for each in _present(connection):
        kept_from = hours if each.rollup in HOURLY.values() else days
        if each.attached and each.end_on and kept_from and each.end_on <= kept_from:
            execute(connection, "partitions/drop_later", partition=each.name)


def _drop(database: Database) -> list[str]:
    dropped: list[str] = []
    with database.transaction() as alone, database.autocommit() as connection:
        if not alone.exec_driver_sql(f"select pg_try_advisory_xact_lock({DROP_LOCK})").scalar_one():
            return dropped
        names = {row.name for row in rows(connection, "partitions/dropping")}
        due = [each for each in _present(connection) if each.name in names]
        connection.exec_driver_sql(f"set lock_timeout = '{DETACH_TIMEOUT}'")
        try:
            # One that is half taken off keeps every other from being taken off.
            for each in sorted(due, key=lambda one: not one.pending):
                _detach(driver(connection), each)
                execute(connection, "partitions/dropped", partition=each.name)
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
