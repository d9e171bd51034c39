"""Costs of days against what usage, zones and the price book of each day give, of closed days as well.

A day's costs are a function of its hours and its book (decision 13), so nothing is guessed.
"""

from __future__ import annotations

from sqlalchemy import Connection

from pipeline.costs.days import BATCH, open_for, work_out
from pipeline.database.connection import execute
from pipeline.installation import Installation
from pipeline.reconcile.days import Days


def compare_costs(connection: Connection, installation: Installation, days: Days) -> None:
    """Work days out aside, a batch at a time.

    Left out are days whose hours retention has dropped, and tenants whose zone cannot be used: no tick touches those.
    """
    execute(connection, "cost_daily/workspace")
    execute(connection, "compare/ask_costs", **days.anywhere())
    while execute(connection, "compare/any_costs").scalar_one():
        execute(connection, "compare/take_costs", most=BATCH, open_time=open_for(installation), **days.times)
        work_out(connection)
        execute(connection, "compare/costs")
        connection.exec_driver_sql("truncate cost_days, right_costs")


def mark_costs(connection: Connection) -> None:
    """Have the next tick work out what differs."""
    execute(connection, "compare/mark_costs")
