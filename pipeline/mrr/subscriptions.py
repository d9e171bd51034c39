"""Subscriptions as the ticks saw them: what changed since the last look is a new version from today on."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from pipeline.database.connection import execute


def take_versions(connection: Connection, *, today: date, currency: str) -> int:
    """Compare the subscriptions with their newest versions and keep what differs; give how many do.

    What differs stays in the temporary table subscriptions_changed.
    """
    execute(connection, "subscriptions/workspace")
    execute(connection, "subscriptions/read", today=today, currency=currency)
    connection.exec_driver_sql("analyze subscriptions_now")
    changed = execute(connection, "subscriptions/find_changed", today=today).rowcount
    if changed:
        connection.exec_driver_sql("analyze subscriptions_changed")
        execute(connection, "subscriptions/clear_changed", today=today)
        execute(connection, "subscriptions/save_changed", today=today)
    return changed
