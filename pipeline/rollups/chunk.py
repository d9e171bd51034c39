"""One chunk of a backlog, in one transaction: its marks are taken, its buckets recomputed and replaced, and queued."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from pipeline.database.connection import execute, rows
from pipeline.installation import Installation
from pipeline.rollups.backlog import Chunk
from pipeline.rollups.days import redo_days
from pipeline.rollups.refusing import refuse_forgotten, refuse_unplaced
from pipeline.rollups.report import RollReport
from pipeline.rollups.ticking import ticking
from pipeline.sources.locking import held_table

ROLLUPS = {
    "api_requests": ("api_hourly", "api_daily", "rejected_hourly/fill_api", "rejected_hourly/fill_unplaced_api"),
    "usage_records": (
        "usage_hourly",
        "usage_daily",
        "rejected_hourly/fill_usage",
        "rejected_hourly/fill_unplaced_usage",
    ),
}
WORK_MEM = "256MB"


def redo(
    installation: Installation, chunk: Chunk, report: RollReport, *, through: datetime, horizon: timedelta | None
) -> None:
    """Do a chunk: what its marks say is taken from the ledger, recomputed from this snapshot, and queued.

    Hours that were older than `horizon` when marked are not recomputed; nor are those that retention has dropped.
    """
    hourly, daily, fill_rejected, _ = ROLLUPS[chunk.source]
    settings = installation.settings
    with ticking(installation.database, *held_table(settings, chunk.source)) as connection:
        connection.exec_driver_sql(f"set local work_mem = '{WORK_MEM}'")
        execute(connection, "tick/workspace")
        taken = _take(connection, chunk, horizon)
        if not taken.marks:
            return
        connection.exec_driver_sql("analyze redo")
        whole = execute(connection, "tick/any_whole").scalar_one()
        place = {"start": chunk.start, "end": chunk.end, "by_scan": chunk.by_scan or whole, "whole": whole}
        execute(connection, "tick/touch_marked")
        with report.timed("hours"):
            _redo_hours(connection, hourly, place)
        with report.timed("rejected"):
            _redo_rejected(connection, chunk.source, fill_rejected, place)
        execute(connection, "activity_daily/mark_touched", timezone=settings.timezone)
        with report.timed("days"):
            days = redo_days(connection, timezone=settings.timezone, through=through, tables=(daily,))
        oldest = execute(connection, "tick/oldest").scalar_one()
        rejected = _rejected(connection, chunk.source)
    report.redone(marks=taken.marks, buckets=taken.buckets, oldest=oldest, days=days)
    report.rejects(rejected | ({"beyond_horizon": taken.beyond_horizon} if taken.beyond_horizon else {}))


def _take(connection: Connection, chunk: Chunk, horizon: timedelta | None) -> Any:
    return execute(
        connection,
        "tick/take_marks",
        source=chunk.source,
        start=chunk.start,
        end=chunk.end,
        horizon=horizon,
    ).one()


def _redo_hours(connection: Connection, hourly: str, place: dict[str, Any]) -> None:
    execute(connection, f"{hourly}/clear", **place)
    # Nearly every sketch key of a whole range is a group of its own: hashing them costs memory, and sorts anyway.
    connection.exec_driver_sql(f"set local enable_hashagg = {'off' if place['by_scan'] else 'on'}")
    execute(connection, f"{hourly}/fill", **place)
    connection.exec_driver_sql("set local enable_hashagg = on")


def _redo_rejected(connection: Connection, source: str, fill: str, place: dict[str, Any]) -> None:
    execute(connection, "rejected_hourly/clear", source=source, by_scan=place["by_scan"])
    execute(connection, fill, source=source, **place)
    refuse_forgotten(connection, source, start=place["start"], end=place["end"])
    sum_rejected(connection, source)


def sum_rejected(connection: Connection, source: str) -> None:
    """Sum up the rejected rows of the hours of `recounted` anew."""
    execute(connection, "rejected_hourly/sum_clear", source=source)
    execute(connection, "rejected_hourly/sum_fill", source=source)


def _rejected(connection: Connection, source: str) -> dict[str, int]:
    return {row.reason: row.rows for row in rows(connection, "rejected_hourly/redone", source=source)}


def recount_unplaced(installation: Installation, source: str, report: RollReport) -> None:
    """Count anew the raw rows that have no hour, where any were marked."""
    with ticking(installation.database, *held_table(installation.settings, source)) as connection:
        execute(connection, "tick/workspace")
        marks = execute(connection, "rejected_hourly/take_unplaced", source=source).scalar_one()
        execute(connection, ROLLUPS[source][-1])
        refuse_unplaced(connection, source)
        sum_rejected(connection, source)
        rejected = _rejected(connection, source)
    report.marks += marks
    report.rejects(rejected)


def redo_marked_days(installation: Installation, report: RollReport, *, through: datetime) -> None:
    """Merge the days that were marked themselves anew from their hours."""
    with installation.database.transaction() as connection:
        marked = {row.rollup for row in rows(connection, "tick/any_marked_days")}
    for _, daily, *_ in ROLLUPS.values():
        if daily not in marked:
            continue
        with ticking(installation.database) as connection:
            execute(connection, "tick/workspace")
            execute(connection, "tick/take_marked_days", rollup=daily, timezone=installation.settings.timezone)
            timezone = installation.settings.timezone
            report.days += redo_days(connection, timezone=timezone, through=through, tables=(daily,))
