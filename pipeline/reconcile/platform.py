"""The platform's days against the tenants' hours, costs and MRR that they add up."""

from __future__ import annotations

from sqlalchemy import Connection

from pipeline.database.connection import execute
from pipeline.installation import Installation
from pipeline.reconcile.days import Days


def compare_activity(connection: Connection, installation: Installation, days: Days) -> None:
    """Add up who was active on each day, from the hours that are kept."""
    timezone = installation.settings.timezone
    if not _is_in(connection, timezone):
        return
    execute(connection, "activity_daily/workspace")
    execute(connection, "compare/ask_activity", **days.of(timezone), timezone=timezone)
    connection.exec_driver_sql("analyze touched_activity")
    # What is stored past the last tick's end is marked, and so waits.
    execute(connection, "activity_daily/fill", through="infinity")
    connection.exec_driver_sql("analyze right_activity")
    execute(connection, "compare/activity")


def mark_activity(connection: Connection) -> None:
    """Have the next tick add up what differs."""
    execute(connection, "compare/mark_activity")


def compare_platform(connection: Connection, installation: Installation, days: Days) -> None:
    """Add up each day from what is stored of its tenants."""
    timezone = installation.settings.timezone
    if not _is_in(connection, timezone):
        return
    execute(connection, "platform_daily/workspace")
    execute(connection, "compare/ask_platform", **days.of(timezone))
    execute(connection, "platform_daily/fill")
    execute(connection, "compare/platform")


def mark_platform(connection: Connection) -> None:
    """Have the next tick sum up what differs."""
    execute(connection, "compare/mark_platform")


def _is_in(connection: Connection, timezone: str) -> bool:
    """Say whether the platform's days are in its zone; if not, the next tick does all of them anew."""
    return execute(connection, "compare/in_zone", timezone=timezone).one_or_none() is not None
