"""The days' costs: those that are marked are worked out anew, and what differs is replaced."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from pipeline.costs.book import learn
from pipeline.database.connection import again_on_conflict, execute
from pipeline.installation import Installation
from pipeline.rollups.report import RollReport
from pipeline.rollups.ticking import ticking

BATCH = 20_000  # days of tenants in one transaction


def redo_costs(installation: Installation, report: RollReport, *, through: datetime) -> None:
    """Take in prices and rates, then work out the days that their changes reach, and those whose usage changed."""
    with report.timed("costs"):
        again_on_conflict(lambda: _take_in(installation, report, through))
        while again_on_conflict(lambda: _redo_some(installation, report, through)):
            pass


def _take_in(installation: Installation, report: RollReport, through: datetime) -> None:
    with ticking(installation.database) as connection:
        book = look(connection, installation, through)
    report.book = book or report.book


def look(connection: Connection, installation: Installation, through: datetime) -> int | None:
    """Take in prices, rates and zones, and mark the days that they change; give the number of a new book."""
    settings, open_time = installation.settings, open_for(installation)
    book = learn(connection, currency=settings.currency, through=through)
    if book:
        execute(connection, "cost_daily/mark_changed", open_time=open_time)
        execute(connection, "cost_daily/mark_stored")
    execute(connection, "cost_daily/rezone", open_time=open_time)
    execute(connection, "cost_daily/adopt_zones", timezone=settings.timezone)
    return book


def _redo_some(installation: Installation, report: RollReport, through: datetime) -> bool:
    """Do one batch; say whether there may be more."""
    with ticking(installation.database) as connection:
        execute(connection, "cost_daily/workspace")
        taken = take(connection, open_for(installation))
        if not taken:
            return False
        work_out(connection)
        changed = replace(connection, through)
    report.cost_days += taken
    report.cost_days_changed += changed
    return True


def open_for(installation: Installation) -> timedelta:
    """Give how long after its end a day can still change."""
    return timedelta(hours=installation.settings.cost_open_hours)


def take(connection: Connection, open_time: timedelta) -> int:
    """Take the next marks into cost_days; give how many days they are."""
    return execute(connection, "cost_daily/take_marks", most=BATCH, open_time=open_time).rowcount


def work_out(connection: Connection) -> int:
    """Work out the costs of cost_days into right_costs; give how many days that no longer can be left the list."""
    left = execute(connection, "cost_daily/leave_dropped").rowcount
    connection.exec_driver_sql("analyze cost_days")
    execute(connection, "cost_daily/fill")
    connection.exec_driver_sql("analyze right_costs")
    return left


def replace(connection: Connection, through: datetime) -> int:
    """Bring cost_daily to what right_costs says; queue the tenants and mark the platform's days; give how many days."""
    execute(connection, "cost_daily/clear")
    execute(connection, "cost_daily/add")
    changed: int = execute(connection, "cost_daily/queue_changed", through=through).scalar_one()
    return changed
