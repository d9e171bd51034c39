"""Raw rows against rollups: each span is recomputed aside by the very statements that fill the rollups."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from pipeline.database.connection import Database, define, execute, execute_aside, rows
from pipeline.installation import Installation
from pipeline.reconcile.differences import Comparison, Difference, Totals
from pipeline.reconcile.spans import BEGINNING, SHORT, Span
from pipeline.rollups.refusing import refuse_forgotten, refuse_unplaced
from pipeline.settings import Settings
from pipeline.sources.locking import held_table

WORK_MEM = "256MB"


@dataclass(frozen=True)
class Scope:
    """What is compared: of all tenants, or of some; `thaw` takes in frozen hours whose raw rows are there again.

    Those that would hold less than is stored only with `even_if_fewer`; `misplaced`: also rows that are at no hour.
    """

    tenants: tuple[str, ...] | None = None
    thaw: bool = False
    even_if_fewer: bool = False
    misplaced: bool = False
    days: bool = True
    totals: bool = True


ALL = Scope(misplaced=True)


@dataclass(frozen=True)
class Standing:
    """How far the rollups are, since when hours and days are kept, and the time at which buckets are judged."""

    data_through: datetime | None
    hours_from: datetime | None
    days_from: date | None
    judged_at: datetime


@dataclass
class Found:
    """What the comparison of one span gave; the temporary tables that it leaves live as long as the transaction."""

    standing: Standing
    differences: list[Difference] = field(default_factory=list)
    frozen_hours: int = 0
    unrestored_hours: int = 0
    misplaced: int = 0
    unzoned_days: int = 0
    totals: Totals = field(default_factory=Totals)


def compare(installation: Installation, listed: Sequence[Span]) -> Comparison:
    """Compare spans, each in a snapshot of its own."""
    result = Comparison()
    with installation.progress.step("Comparing", total=len(listed), unit="days of raw tables") as step:
        for span in listed:
            with snapshot(installation.database, installation.settings, span.source) as connection:
                take_in(result, span, compare_span(connection, span, installation.settings, ALL))
            step.advance()
    return result


def take_in(result: Comparison, span: Span, found: Found) -> None:
    """Add what one span gave."""
    result.spans += 1
    result.add(found.differences)
    result.frozen_hours += found.frozen_hours
    result.unzoned_days += found.unzoned_days
    result.totals.setdefault(span.source, Totals()).add(**vars(found.totals))


@contextmanager
def snapshot(database: Database, settings: Settings, source: str) -> Iterator[Connection]:
    """One REPEATABLE READ transaction; the lock that keeps a TRUNCATE out comes before the snapshot."""
    with database.transaction("REPEATABLE READ") as connection:
        for table in held_table(settings, source):
            define(connection, f"lock table {table} in access share mode")
        yield connection


def compare_span(connection: Connection, span: Span, settings: Settings, scope: Scope) -> Found:
    """Recompute one span and compare it with what is stored; leaves `differing` and `redo` for who marks.

    Frozen hours are left out, and past data_through what is not stored; buckets whose marks wait are told apart.
    """
    connection.exec_driver_sql(f"set local work_mem = '{WORK_MEM}'")
    execute(connection, "tick/workspace")
    execute(connection, "compare/workspace")
    standing = Standing(**execute(connection, "compare/standing").one()._mapping)
    found = Found(standing)
    if span.unplaced:
        _compare_unplaced(connection, span.source, standing)
    elif standing.data_through is not None:
        _compare_hours(connection, span, settings, scope, found)
    if scope.misplaced:
        found.misplaced = _compare_places(connection, span, standing)
    if scope.days and not span.unplaced:
        _compare_days(connection, span, settings, scope, found)
    found.differences = differences(connection)
    return found


def _compare_places(connection: Connection, span: Span, standing: Standing) -> int:
    """Find what is stored where nothing can be; give how many buckets."""
    place = {"start": span.start, "end": span.end, "unplaced": span.unplaced}
    execute(connection, f"compare/misplaced_{SHORT[span.source]}", **place)
    execute(connection, "compare/misplaced_rejected", source=span.source, **place)
    return execute(connection, "compare/name_misplaced", data_through=standing.data_through).rowcount


def remove_misplaced(connection: Connection, source: str, settings: Settings) -> None:
    """Take away what a comparison found misplaced, as the only writer, and mark the days merged from it."""
    execute(connection, f"compare/remove_{SHORT[source]}", timezone=settings.timezone)
    execute(connection, "activity_daily/mark_misplaced", timezone=settings.timezone)
    execute(connection, "compare/remove_rejected", source=source)
    connection.exec_driver_sql("truncate recounted")
    execute(connection, "compare/recount_misplaced")
    execute(connection, "rejected_hourly/sum_clear", source=source)
    execute(connection, "rejected_hourly/sum_fill", source=source)


def differences(connection: Connection) -> list[Difference]:
    """Read what a comparison has left in `differing`."""
    found = rows(connection, "compare/found")
    return [Difference(**{**row._mapping, "what": tuple(row.what)}) for row in found]


def _compare_unplaced(connection: Connection, source: str, standing: Standing) -> None:
    """Rows whose time is no hour are counted under -infinity."""
    place = {"start": "-infinity", "end": BEGINNING}
    connection.exec_driver_sql("insert into redo (whole, bucket_start) values (true, '-infinity')")
    execute(connection, "compare/find_waiting", source=source, **place)
    execute_aside(connection, f"rejected_hourly/fill_unplaced_{SHORT[source]}")
    refuse_unplaced(connection, source, filling=execute_aside)
    execute(connection, "compare/rejected", source=source, **place, data_through=standing.data_through)
    _compare_sums(connection, source)


def _compare_sums(connection: Connection, source: str) -> None:
    """The sum of what is stored by tenant, against what is stored as the sum."""
    execute(connection, "compare/recount")
    execute_aside(connection, "rejected_hourly/sum_fill", source=source)
    execute(connection, "compare/rejected_sums", source=source)


def horizon(settings: Settings) -> timedelta | None:
    """Give how old raw rows may get before they can be purged."""
    return timedelta(days=settings.raw_horizon_days) if settings.raw_horizon_days else None


def _compare_hours(connection: Connection, span: Span, settings: Settings, scope: Scope, found: Found) -> None:
    short, place = SHORT[span.source], {"start": span.start, "end": span.end}
    through = found.standing.data_through
    judging = {"source": span.source, "judged_at": found.standing.judged_at, "horizon": horizon(settings)}
    hours_from = found.standing.hours_from
    execute(connection, "compare/find_frozen", **place, **judging, hours_from=hours_from, thaw=scope.thaw)
    found.frozen_hours = execute(connection, "compare/count_frozen", source=span.source, **place).scalar_one()
    if not _choose(connection, scope, {**place, "source": span.source, "data_through": through}):
        return
    execute(connection, "compare/find_waiting", source=span.source, **place)
    whole = {**place, "by_scan": scope.tenants is None}
    _recompute(connection, span.source, whole)
    if scope.thaw:
        fewer = {"even_if_fewer": scope.even_if_fewer}
        found.unrestored_hours = execute(connection, "compare/drop_unrestored", **judging, **fewer).rowcount
        execute(connection, "compare/drop_recomputed")
    execute(connection, f"compare/{short}_hours", **whole, data_through=through, timezone=settings.timezone)
    execute(connection, "compare/rejected", source=span.source, **place, data_through=through)
    if scope.tenants is None:
        _compare_sums(connection, span.source)
    if scope.totals and scope.tenants is None:
        totals = execute(connection, f"compare/totals_{short}", **place, data_through=through)
        found.totals.add(**totals.one()._mapping)


def _choose(connection: Connection, scope: Scope, place: dict[str, Any]) -> int:
    """Fill `redo`, from which the rollups' own statements read what to compute; give how many buckets or hours."""
    if scope.tenants is None:
        chosen = execute(connection, "compare/redo_hours", **place).rowcount
    else:
        tenants = json.dumps([{"tenant_id": tenant} for tenant in scope.tenants])
        chosen = execute(connection, "compare/redo_buckets", **place, tenants=tenants).rowcount
    connection.exec_driver_sql("analyze redo")
    return chosen


def _recompute(connection: Connection, source: str, place: dict[str, Any]) -> None:
    """Fill the temporary tables with what raw rows give, as the tick fills the rollups."""
    short = SHORT[source]
    connection.exec_driver_sql(f"set local enable_hashagg = {'off' if place['by_scan'] else 'on'}")
    execute_aside(connection, f"{short}_hourly/fill", **place)
    connection.exec_driver_sql("set local enable_hashagg = on")
    execute_aside(connection, f"rejected_hourly/fill_{short}", source=source, **place)
    refuse_forgotten(connection, source, start=place["start"], end=place["end"], filling=execute_aside)
    connection.exec_driver_sql(f"analyze pg_temp.{short}_hourly")


def _compare_days(connection: Connection, span: Span, settings: Settings, scope: Scope, found: Found) -> None:
    """Days are the merge of their stored hours at every commit; what is misplaced is none of them."""
    short = SHORT[span.source]
    tenants = list(scope.tenants) if scope.tenants is not None else None
    place = {"start": span.start, "end": span.end, "tenants": tenants}
    found.unzoned_days = execute(connection, f"compare/unzoned_{short}", **place).scalar_one()
    execute(
        connection,
        f"compare/touch_days_{short}",
        **place,
        days_from=span.days_from,
        hours_from=found.standing.hours_from,
        kept_days_from=found.standing.days_from,
        timezone=settings.timezone,
    )
    connection.exec_driver_sql("analyze touched_days")
    execute(connection, f"compare/right_{short}", misplaced_stay=not scope.misplaced)
    connection.exec_driver_sql(f"analyze right_{short}_hourly")
    execute_aside(connection, f"{short}_daily/fill")
    connection.exec_driver_sql(f"analyze pg_temp.{short}_daily")
    execute(connection, f"compare/{short}_days")
    if scope.totals:
        found.totals.add(**execute(connection, f"compare/totals_days_{short}").one()._mapping)
