"""Days, merged from hours, never recomputed from raw rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from pipeline.database.connection import execute


def redo_days(connection: Connection, *, timezone: str, through: datetime, tables: tuple[str, ...]) -> int:
    """Merge the touched days, and those of the touched hours, anew, and queue them; give how many."""
    execute(connection, "tick/touch_days", timezone=timezone)
    days: int = connection.exec_driver_sql("select count(*) from touched_days").scalar_one()
    connection.exec_driver_sql("analyze touched_days")
    # Each day is looked up once: remembering what was found for it only costs.
    connection.exec_driver_sql("set local enable_memoize = off")
    for table in tables:
        execute(connection, f"{table}/clear")
        execute(connection, f"{table}/fill")
    execute(connection, "cost_daily/mark_touched")
    execute(connection, "tick/queue_touched", through=through)
    return days
