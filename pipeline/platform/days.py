"""The platform's days: who was active, how much, and what it cost and brought; only what changed is summed anew."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from pipeline.database.connection import Database, again_on_conflict, execute
from pipeline.installation import Installation
from pipeline.rollups.report import RollReport
from pipeline.rollups.ticking import ticking


def adopt_zone(database: Database, timezone: str) -> None:
    """Mark all days where they are not in the platform's zone: the setting changed, or no tick has made any."""
    with ticking(database) as connection:
        if execute(connection, "platform_daily/adopt_zone", timezone=timezone).rowcount:
            execute(connection, "activity_daily/mark_all", timezone=timezone)
            execute(connection, "platform_daily/mark_all")


def redo_platform(installation: Installation, report: RollReport, *, through: datetime) -> None:
    """Count who was active on the days whose hours changed, then sum up the days of which anything changed."""
    with report.timed("platform"):
        report.platform_days += again_on_conflict(lambda: _redo(installation, through))


def _redo(installation: Installation, through: datetime) -> int:
    with ticking(installation.database) as connection:
        _redo_activity(connection, timezone=installation.settings.timezone, through=through)
        execute(connection, "platform_daily/workspace")
        days = execute(connection, "platform_daily/take_marks").rowcount
        if days:
            execute(connection, "platform_daily/fill")
            execute(connection, "platform_daily/clear")
            execute(connection, "platform_daily/add")
        return days


def _redo_activity(connection: Connection, *, timezone: str, through: datetime) -> None:
    execute(connection, "activity_daily/workspace")
    if not execute(connection, "activity_daily/take_marks", timezone=timezone).rowcount:
        return
    connection.exec_driver_sql("analyze touched_activity")
    execute(connection, "activity_daily/fill", through=through)
    connection.exec_driver_sql("analyze right_activity")
    execute(connection, "activity_daily/clear")
    execute(connection, "activity_daily/add")
    execute(connection, "activity_daily/mark_again", through=through)
